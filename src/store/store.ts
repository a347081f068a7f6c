import type { EventDraft, Held, HeldDraft, HeldSummary, TaskEvent } from '../event.ts'

export interface Appended {
  readonly event: TaskEvent
  /** true: the draft repeats the task's newest event or comes from a delivery that was seen before, and `event` is that one. */
  readonly duplicate: boolean
}

/** What is kept of a task: the events `first` to `last`. `last` is 0 for a task that was never heard of. */
export interface Extent {
  /** seq of the oldest event that is kept; `last + 1` when none is. */
  readonly first: number
  /** Highest seq that the task ever had, whether or not that event is still kept. */
  readonly last: number
  /** The event `last`; undefined when nothing is kept. */
  readonly newest: TaskEvent | undefined
}

export interface StoreOptions {
  /** How long an equal draft counts as the same delivery, in milliseconds; 0 keeps every one. Default 120,000. */
  readonly dedupeWindowMs?: number
  /** A clock that never goes back, in milliseconds since 1970. Default: the wall clock at the start plus the time that passed since. */
  readonly now?: () => number
  /** Called with how many drafts went into one commit, where the store groups them. */
  readonly committed?: ((drafts: number) => void) | undefined
}

/**
 * Orders and keeps the events of every task. The store is the truth; the bus only carries news of it.
 *
 * Every method rejects with a {@link RelayError} `STORE_UNAVAILABLE` while the store cannot do its work; a later
 * call may succeed. After `close()` every method but `close()` does so.
 */
export interface EventStore {
  /** Life of this history: printable ASCII without a dot; made with the store, another only when history was lost. */
  readonly epoch: string
  /** Callbacks that could not be read; they live and die with the events. */
  readonly quarantine: Quarantine

  /**
   * Keeps `draft` as the next event of `taskId`, unless it equals the task's newest one and that one is younger than
   * the dedupe window.
   *
   * A draft with a delivery is judged by its key first: the same key and the same body is a repeat of the first event,
   * however long ago; another body under the key is what the delivery says. A key is remembered on disk until it
   * expires, at once with the event, so that of concurrent calls with one key exactly one is the first.
   *
   * Concurrent calls for one task are ordered by the store. Resolves once the event survives a power cut; a call that
   * rejects has used up no `seq`, and nobody has seen its event.
   *
   * @throws {RelayError} `CALLBACK_UNAUTHENTIC` when the delivery's key came with another body and that is refused
   */
  append (taskId: string, draft: EventDraft): Promise<Appended>

  /**
   * Returns a page of events of `taskId`: the first ones whose seq is above `after`, oldest first. A page ends after
   * `limit` events, or with the event that brings its data to 256 KiB (`MAX_PAGE_BYTES`).
   */
  read (taskId: string, after: number, limit: number): Promise<TaskEvent[]>

  /** What is kept of `taskId`. */
  extent (taskId: string): Promise<Extent>

  /**
   * Forgets whole tasks whose newest event is at least `ageMs` old and that nobody watches, in small steps, and what
   * was held in quarantine that long. A task
   * that is heard of again goes on with the next `seq`: its highest one is remembered thirty times as long.
   *
   * @returns how many tasks were forgotten
   */
  trim (ageMs: number, watched: (taskId: string) => boolean): Promise<number>

  /** Whether something was written since the last call by another than this store, such as another process. */
  changedElsewhere (): Promise<boolean>

  /** Resolves when the store takes a durable write now; those who ask while one is under way share its outcome. */
  check (): Promise<void>

  /** Lets appends that were begun end, a trim no further than its step, then frees everything. Twice is fine. */
  close (): Promise<void>
}

/** How many times longer than its events the highest `seq` of a task is remembered, so that none is used again. */
export const MARK_LIVES = 30

/**
 * Holds callbacks that are authentic but could not be read, until a later version can read them.
 *
 * What is held stays: a full quarantine refuses the next callback, and never forgets an earlier one for it. Like events
 * they go when the store is trimmed. Every method rejects with a {@link RelayError} `STORE_UNAVAILABLE` while the store
 * cannot do its work.
 */
export interface Quarantine {
  /**
   * Holds a callback; resolves once that survives a power cut. A delivery that was held before is not held again.
   *
   * @returns the event that this delivery became before, if it did; then nothing is held
   * @throws {RelayError} `CALLBACK_UNAUTHENTIC` when the delivery came with another body before and that is refused;
   *   `QUARANTINE_FULL` when 1,000 callbacks or 16 MiB would be exceeded
   */
  hold (held: HeldDraft): Promise<TaskEvent | undefined>
  /** All that is held, oldest first. */
  list (): Promise<HeldSummary[]>
  get (id: number): Promise<Held | undefined>
  /**
   * Appends the event that a held callback is, and holds it no longer, both or neither; of several who try, one does.
   * A delivery is known by that event from then on, and one that has become an event meanwhile becomes no second one.
   *
   * @returns undefined when it is not held any more
   */
  release (id: number, taskId: string, draft: EventDraft): Promise<Appended | undefined>
  /** Forgets a held callback; false when it is not held. */
  drop (id: number): Promise<boolean>
}
