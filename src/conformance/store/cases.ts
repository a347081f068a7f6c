import type { EventStore, StoreOptions } from '../../store/store.ts'
import type { Tester } from '../tester.ts'

/** A history that nothing was written to yet. */
export interface TestHistory {
  /** true: events outlive `close()`, and `open()` finds them again. */
  readonly durable: boolean
  /** true: the history may be open several times at once, as by several processes. */
  readonly shared?: boolean
  /** Opens the history; the suite closes each store. */
  open (options: StoreOptions): Promise<EventStore>
  /** Opens the history so that appends reject although they were kept. Missing: there is no way to do so. */
  openUncertain? (): Promise<EventStore>
  /** Starts another fork. Missing: every `open()` does so. */
  fork? (): Promise<void>
  /**
   * Takes a copy of the history; the returned function puts it back in place of the history. The suite calls both while
   * no store is open. Missing: there is no way to do so.
   */
  copy? (): Promise<() => Promise<void>>
}

/** Creates a new history for one test, and hands its clean-up to `t.teardown`. */
export type NewHistory = (t: Tester) => TestHistory

/** Opens a test's history; the store is closed with the test. */
export type Open = (options?: StoreOptions) => Promise<EventStore>

/** Rules of a store: the name states one, the function shows it. */
export type Cases = Readonly<Record<string, (t: Tester, open: Open, history: TestHistory) => Promise<void>>>
