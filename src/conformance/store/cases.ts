import type { EventStore, StoreOptions } from '../../store/store.ts'
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
