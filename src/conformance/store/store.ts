import { ANSWER_CASES } from './answers.ts'
import { APPEND_CASES, UNCERTAIN_CASES } from './append.ts'
import type { Cases, NewHistory, TestHistory } from './cases.ts'
import { CLAIM_CASES } from './claims.ts'
import { DELIVERY_CASES, DELIVERY_REOPEN_CASES } from './deliveries.ts'
import { ELSEWHERE_CASES } from './elsewhere.ts'
import { ERASE_CASES } from './erase.ts'
import { COPY_CASES, FORK_CASES } from './forks.ts'
import { LIFE_CASES, REOPEN_CASES } from './life.ts'
import { OUTCOME_CASES } from './outcomes.ts'
import { QUARANTINE_TOKEN_CASES } from './quarantine-tokens.ts'
import { QUARANTINE_CASES, QUARANTINE_REOPEN_CASES } from './quarantine.ts'
import { READ_CASES } from './read.ts'
import { RESERVATION_CASES } from './reservations.ts'
import { SHARED_CASES } from './shared.ts'
import { SUBMISSION_REOPEN_CASES, SUBMISSION_SHARED_CASES } from './submission-life.ts'
import type { Tester } from '../tester.ts'
import { TASK_LIST_CASES } from './task-list.ts'
import { TOKEN_CASES } from './tokens.ts'
import { TRIM_CASES } from './trim.ts'
import { WATCH_CASES } from './watches.ts'

/**
 * Tests that a store keeps the contract of {@link EventStore}: an adapter is complete when it passes.
 *
 * @param t - a test, such as tap's
 * @param name - start of the names of the subtests
 * @param newHistory - called once for every subtest
 */
export function storeConformance (t: Tester, name: string, newHistory: NewHistory): void {
  const events = { ...APPEND_CASES, ...READ_CASES, ...TRIM_CASES, ...DELIVERY_CASES, ...QUARANTINE_CASES }
  const reservations = { ...RESERVATION_CASES, ...TOKEN_CASES, ...QUARANTINE_TOKEN_CASES }
  const watches = { ...WATCH_CASES, ...ELSEWHERE_CASES }
  const submissions = { ...reservations, ...watches, ...OUTCOME_CASES, ...CLAIM_CASES, ...ANSWER_CASES }
  const reopenedEvents = { ...REOPEN_CASES, ...DELIVERY_REOPEN_CASES, ...QUARANTINE_REOPEN_CASES, ...FORK_CASES }
  const reopened = { ...reopenedEvents, ...SUBMISSION_REOPEN_CASES }
  const shared = { ...SHARED_CASES, ...SUBMISSION_SHARED_CASES }
  run(t, name, newHistory, { ...events, ...ERASE_CASES, ...LIFE_CASES, ...submissions, ...TASK_LIST_CASES })
  runIf(t, `${name} over close and open`, newHistory, { applies: ({ durable }) => durable, cases: reopened })
  runIf(t, `${name} opened twice`, newHistory, { applies: (history) => history.shared === true, cases: shared })
  runIf(t, `${name} put back`, newHistory, { applies: ({ copy }) => copy !== undefined, cases: COPY_CASES })
  const uncertain = { applies: ({ openUncertain }: TestHistory) => openUncertain !== undefined, cases: UNCERTAIN_CASES }
  runIf(t, `${name} that rejects`, newHistory, uncertain)
}

interface Group {
  readonly applies: (history: TestHistory) => boolean
  readonly cases: Cases
}

function runIf (t: Tester, name: string, newHistory: NewHistory, { applies, cases }: Group): void {
  t.test(name, async (t) => {
    if (applies(newHistory(t))) run(t, name, newHistory, cases)
  })
}

function run (t: Tester, name: string, newHistory: NewHistory, cases: Cases): void {
  for (const [behaviour, show] of Object.entries(cases)) {
    t.test(`${name}: ${behaviour}`, async (t) => {
      const history = newHistory(t)
      await show(t, async (options = {}) => {
        const store = await history.open(options)
        t.teardown(() => store.close())
        return store
      }, history)
    })
  }
}
