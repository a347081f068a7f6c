import type { EventStore, StoreOptions } from '../../store/store.ts'
import { APPEND_CASES } from './append.ts'
import { LIFE_CASES, REOPEN_CASES } from './life.ts'
import { DELIVERY_CASES, DELIVERY_REOPEN_CASES } from './deliveries.ts'
import { QUARANTINE_CASES, QUARANTINE_REOPEN_CASES } from './quarantine.ts'
import { TRIM_CASES } from './trim.ts'
import type { Tester } from '../tester.ts'

/** A history that nothing was written to yet. */
export interface TestHistory {
  /** true: what is kept outlives `close()`, and `open()` finds it again. */
  readonly durable: boolean
  /** Opens the history; the suite closes what it opened, and never has it open twice. */
  open (options: StoreOptions): Promise<EventStore>
}

/** Makes a new history for one test; what it needs to clean up it gives to `t.teardown`. */
export type NewHistory = (t: Tester) => TestHistory

/** Opens a test's history; the store is closed with the test. */
export type Open = (options?: StoreOptions) => Promise<EventStore>

/** What a store must do: the name says it, the function shows it. */
export type Cases = Readonly<Record<string, (t: Tester, open: Open) => Promise<void>>>

/**
 * Tests that a store keeps the contract of {@link EventStore}: an adapter is done when it passes.
 *
 * @param t - a test, such as tap's
 * @param name - what the names of the subtests begin with
 * @param newHistory - called once for every subtest
 */
export function storeConformance (t: Tester, name: string, newHistory: NewHistory): void {
  run(t, name, newHistory, { ...APPEND_CASES, ...TRIM_CASES, ...DELIVERY_CASES, ...QUARANTINE_CASES, ...LIFE_CASES })
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
