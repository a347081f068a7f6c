import { APPEND_CASES } from './append.ts'
import type { Cases, NewHistory } from './cases.ts'
import { ANSWER_CASES, CLAIM_CASES } from './questions.ts'
import { SETTLE_CASES, SUBMISSION_CASES } from './submissions.ts'
import { LIFE_CASES, REOPEN_CASES } from './life.ts'
import { DELIVERY_CASES, DELIVERY_REOPEN_CASES } from './deliveries.ts'
import { QUARANTINE_CASES, QUARANTINE_REOPEN_CASES } from './quarantine.ts'
import { TRIM_CASES } from './trim.ts'
import type { Tester } from '../tester.ts'

/**
 * Tests that a store keeps the contract of {@link EventStore}: an adapter is done when it passes.
 *
 * @param t - a test, such as tap's
 * @param name - what the names of the subtests begin with
 * @param newHistory - called once for every subtest
 */
export function storeConformance (t: Tester, name: string, newHistory: NewHistory): void {
  run(t, name, newHistory, { ...APPEND_CASES, ...TRIM_CASES, ...DELIVERY_CASES, ...QUARANTINE_CASES, ...LIFE_CASES })
  run(t, name, newHistory, { ...SUBMISSION_CASES, ...SETTLE_CASES, ...CLAIM_CASES, ...ANSWER_CASES })
  t.test(`${name} over close and open`, async (t) => {
    if (newHistory(t).durable) run(t, name, newHistory, { ...REOPEN_CASES, ...DELIVERY_REOPEN_CASES, ...QUARANTINE_REOPEN_CASES })
  })
}

function run (t: Tester, name: string, newHistory: NewHistory, cases: Cases): void {
  for (const [behaviour, show] of Object.entries(cases)) {
    t.test(`${name} ${behaviour}`, async (t) => {
      const history = newHistory(t)
      await show(t, async (options = {}) => {
        const store = await history.open(options)
        t.teardown(() => store.close())
        return store
      })
    })
  }
}
