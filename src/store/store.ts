import type { EventDraft, Held, HeldDraft, HeldSummary, TaskEvent } from '../event.ts'
import type { Appended } from './appended.ts'
import type { ListedNode, RelayNode } from './nodes.ts'
import type { Expected, Submissions } from './submissions.ts'
import type { TaskPage, TaskPageOptions } from './task-list.ts'

export type { Appended, Settled } from './appended.ts'
export type { ListedNode, RelayNode } from './nodes.ts'
export type { ListedTask, TaskPage, TaskPageOptions } from './task-list.ts'

/** Range of a task's events that are kept: `first` to `last`, and the epochs under which they were kept. */
export interface Extent {
  /** seq of the oldest kept event; `last + 1` when none is kept. */
  readonly first: number
  /** Highest seq that the task ever had, whether or not that event is still kept; 0 for an unknown task. */
  readonly last: number
  /** The event `last`; undefined when nothing is kept. */
  readonly newest: TaskEvent | undefined
  /**
   * Epochs of the events `first - 1` to `last`, in order: each applies from the seq `from` on, the first one from
   * `first - 1` at the latest. An unknown task has the epoch of an append now, from 0.
   */
  readonly epochs: ReadonlyArray<{ readonly from: number, readonly epoch: string }>
  /** Set while the outcome of a submission is expected. */
  readonly expected?: Expected | undefined
}

/** Numbers of erased events and callbacks. */
export interface Erased {
  readonly events: number
  /** Callbacks that were in quarantine. */
  readonly callbacks: number
}

/** Options of a store. */
export interface StoreOptions {
  /** Time during which an equal draft counts as a repeat, in milliseconds; 0 appends every one. Default 120,000. */
  readonly dedupeWindowMs?: number
  /**
   * Clock that never goes back, in milliseconds since 1970. Default: the wall clock at the start plus the time that
   * passed since.
   */
  readonly now?: () => number
  /** Called with the number of drafts in each commit, in stores that group them. */
  readonly committed?: ((drafts: number) => void) | undefined
}

/**
 * Orders and keeps the events of every task. The store is the truth; the bus only carries news of it.
 *
 * Every method rejects with a {@link RelayError} `STORE_UNAVAILABLE` while the store is unavailable; a later call may
 * succeed. After `close()` every method but `close()` rejects so.
 */
export interface EventStore {
  /**
   * Epoch of an append now: printable ASCII without a dot, `<life>-<fork>`, the part of an event id before the dot.
   *
   * The life is made with the history. The fork changes when part of the history was lost or may have been, such as
   * when a file is opened that may be an older copy. So no id is given to two events. Events keep the epoch under
   * which they were appended: a cursor from before stays known as long as its event is kept.
   */
  readonly epoch: string
  /** Whether `append()` and `quarantine.release()` publish the event on the bus; if not, the hub does. */
  readonly publishes?: boolean
  /** Quarantine of unreadable callbacks, which has the store's lifetime. */
  readonly quarantine: Quarantine
  /** Calls to Suno whose outcome the relay watches over, with the store's lifetime. */
  readonly submissions: Submissions

  /**
   * Appends `draft` as the next event of `taskId`, unless it equals the task's newest event and that one is younger
   * than the dedupe window.
   *
   * A draft with a delivery is looked up by its key first. The same key and body is a duplicate of the first event,
   * however long ago; another body under the key is treated as `onConflict` says. A key is remembered with the event,
   * equally durable, until it expires: of concurrent calls with one key exactly one is the first.
   *
   * The store orders concurrent calls for one task. Resolves once the event survives a power cut. A call that rejects
   * with `STORE_UNAVAILABLE` may have been kept all the same, once; the same draft again is then its duplicate.
   *
   * @throws {RelayError} `CALLBACK_UNAUTHENTIC` when the delivery's key came with another body and that is rejected, or
   *   the token of the callback's URL is of another task or step
   */
  append (taskId: string, draft: EventDraft): Promise<Appended>

  /**
   * Resolves with a page of events of `taskId`: the first ones after the event id `after`, or after none, oldest
   * first. A page ends after `limit` events, or with the event that brings its data to 256 KiB (`MAX_PAGE_BYTES`).
   *
   * Resolves with undefined if `after` is unknown: it is of another epoch than the event with its seq, ahead of the
   * task, before the oldest kept event, or no event id. The check and the read see the same state of the history.
   */
  read (taskId: string, after: string | undefined, limit: number): Promise<TaskEvent[] | undefined>

  /** Resolves with the range of events that is kept of `taskId`. */
  extent (taskId: string): Promise<Extent>

  /**
   * Resolves with a part of the list of tasks that have events, or a submission whose outcome is expected. Every task
   * is in the list once, most recent activity first.
   *
   * A store on disk looks at `limit` events and `limit` submissions, so its work does not depend on the number of
   * tasks. A page may therefore have fewer tasks than `limit`, or none, and still have a `next`. A task that becomes
   * active moves to the front: a client that pages does not meet it again. After a text that is no place, the list is
   * at its end.
   */
  tasks (options: TaskPageOptions): Promise<TaskPage>

  /**
   * Removes, in small steps, whole tasks whose newest event is at least `ageMs` old and that nobody watches, and
   * quarantined callbacks of that age. A trimmed task that gets another event goes on with the next `seq`: its highest
   * seq is remembered thirty times as long. Later it starts again at 1, under an epoch that it never had.
   *
   * @returns the number of tasks that were removed
   */
  trim (ageMs: number, watched: (taskId: string) => boolean): Promise<number>

  /**
   * Erases a task, all or nothing: its events, its submissions, and callbacks in quarantine. A store on disk overwrites
   * them there.
   *
   * The task keeps its highest seq, under another epoch: a later event goes on with the next one, and ids from before
   * are unknown. The keys of its deliveries stay known: a delivery that comes again is a duplicate of an event that has
   * its id and no data, `{}`.
   *
   * @param held - ids of the callbacks in quarantine that are about the task
   */
  erase (taskId: string, held: readonly number[]): Promise<Erased>

  /**
   * Resolves with those tasks whose newest event id is another one than given, and that id. A store that does not
   * publish may leave out appends of its own.
   *
   * @param newest - newest known event id by task id; `<epoch>.0` for a task without events
   */
  moved (newest: ReadonlyMap<string, string>): Promise<Map<string, string>>

  /** Resolves when a durable write succeeded. Concurrent callers share one write. */
  check (): Promise<void>

  /**
   * Resolves with the bytes that the store takes on disk, or in the memory of its server. Absent in a store in this
   * process.
   */
  bytes? (): Promise<number>

  /**
   * Announces this relay for 15 seconds, if `own` is given. Resolves with all relays that are announced. Absent in a
   * store that does not know them.
   */
  nodes? (own?: RelayNode): Promise<ListedNode[]>

  /** Completes pending appends, stops a trim after its current step, and releases all resources. Idempotent. */
  close (): Promise<void>
}

/** Factor by which the highest `seq` of a task is remembered longer than its events, so that none is used again. */
export const MARK_LIVES = 30

/**
 * Holds authentic but unreadable callbacks until a later version can read them.
 *
 * A held callback stays: a full quarantine refuses the next callback and never drops an earlier one for it. Trimming
 * the store removes them like events. Every method rejects with a {@link RelayError} `STORE_UNAVAILABLE` while the
 * store is unavailable.
 */
export interface Quarantine {
  /**
   * Quarantines a callback; resolves once it survives a power cut. A delivery that is held already is not held again.
   *
   * @returns the event that this delivery became before, if any; then nothing is held
   * @throws {RelayError} `CALLBACK_UNAUTHENTIC` when the delivery came with another body before and that is rejected,
   *   or the token is of another task or step; `QUARANTINE_FULL` beyond 1,000 callbacks or 16 MiB, or 10 callbacks
   *   under one token
   */
  hold (held: HeldDraft): Promise<TaskEvent | undefined>
  /** Resolves with all held callbacks, oldest first. */
  list (): Promise<HeldSummary[]>
  get (id: number): Promise<Held | undefined>
  /**
   * Atomically appends the callback's event and removes it from quarantine. With concurrent calls, exactly one
   * succeeds. From then on the delivery is known by that event. A delivery that became an event in the meantime does
   * not become a second one. The draft is about the submission whose token the callback came under.
   *
   * @returns undefined when the callback is no longer held
   * @throws {RelayError} `CALLBACK_UNAUTHENTIC` when that token is of another task; the callback stays
   */
  release (id: number, taskId: string, draft: EventDraft): Promise<Appended | undefined>
  /** Removes a held callback; resolves with false when it is not held. */
  drop (id: number): Promise<boolean>
}
