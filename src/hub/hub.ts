import type { Replay } from '../../schemas/event.ts'
import type { EventBus } from '../bus/bus.ts'
import { resolveCursor, type Position } from './cursor.ts'
import { eraseTask, type IsAbout } from './erase.ts'
import { fairReader } from './fair-reader.ts'
import type { Follower, Receiver, Source } from './follower.ts'
import { createGroups } from './followers.ts'
import { replayHeld, type ReadHeld, type Replayed } from './replay.ts'
import { announceSubmissions } from './submissions.ts'
import { listTasks, type TaskList, type TaskListOptions } from './task-list.ts'
import type { Appended, Erased, EventStore, ListedNode, Quarantine, RelayNode } from '../store/store.ts'
import type { Submissions } from '../store/submissions.ts'
export type { Appended, ListedNode, RelayNode, Settled } from '../store/store.ts'
import type { EventDraft, HeldDraft, TaskEvent } from '../event.ts'

const PAGE = 1000

/** Starting point of a follower. */
export interface FollowFrom {
  /** The last event id that it has; undefined for none. */
  readonly cursor?: string | undefined
  /** Part of the past that it gets without a cursor. Default `latest`: the task's newest event. */
  readonly replay?: Replay | undefined
}

/** Follower of a task, with its position. */
export interface Followed {
  readonly position: Position
  readonly follower: Follower
}

/** Past of a task after a position. */
export interface History {
  readonly position: Position
  /** Oldest first. */
  readonly events: TaskEvent[]
}

/** Publishes and follows events of tasks. The hub is the one place where the store meets the bus. */
export interface Hub {
  /**
   * Appends an event and notifies its followers. Resolves once the event is durable, whether or not its news got
   * through.
   *
   * @throws {RelayError} `STORE_UNAVAILABLE` when the append failed, or its success is unknown;
   *   `CALLBACK_UNAUTHENTIC` when its delivery's key belongs to another body
   */
  publish (taskId: string, draft: EventDraft): Promise<Appended>
  /**
   * Quarantines an unreadable callback; resolves once that is durable.
   *
   * @returns the event that the same delivery became before, if any; then nothing is held
   * @throws {RelayError} as `publish()`; `QUARANTINE_FULL` when there is no room
   */
  hold (held: HeldDraft): Promise<TaskEvent | undefined>
  /**
   * Reads quarantined callbacks again, oldest first, and publishes those that can be read now. With concurrent calls,
   * each becomes one event.
   *
   * @param read - throws for a callback that is still unreadable: it stays
   * @param id - id of the one callback to replay; default: all
   * @throws {RelayError} `STORE_UNAVAILABLE` when the store fails; callbacks published by then stay published
   */
  replay (read: ReadHeld, id?: number): Promise<Replayed[]>
  /**
   * Follows a task. Nothing is delivered before the first `resume()`, and from then on nothing is missed.
   *
   * @throws {RelayError} `STORE_UNAVAILABLE` when the task's past cannot be read
   */
  follow (taskId: string, from: FollowFrom, receiver: Receiver): Promise<Followed>
  /**
   * Resolves with the events of a task after a cursor, or from its oldest event without a known cursor: at most 1,000
   * of them, or 256 KiB.
   *
   * @throws {RelayError} `STORE_UNAVAILABLE` when the store cannot be read
   */
  history (taskId: string, cursor: string | undefined): Promise<History>
  /**
   * Lists tasks by their latest activity, most recent first. A list may be short, or empty, and still have a `next`.
   *
   * @throws {RelayError} `STORE_UNAVAILABLE` when the store cannot be read
   */
  tasks (options: TaskListOptions): Promise<TaskList>
  /** Submissions to Suno. Followers are notified of the events that they append. */
  readonly submissions: Submissions
  /** Resolves with the number of quarantined callbacks. */
  quarantineSize (): Promise<number>
  /** Callbacks in quarantine. */
  readonly quarantine: Pick<Quarantine, 'list' | 'get' | 'drop'>
  /**
   * Erases a task and the callbacks in quarantine about it. Its followers lose their position, for the reason
   * `erased`.
   *
   * @throws {RelayError} `STORE_UNAVAILABLE` when the store fails; then nothing is erased
   */
  erase (taskId: string, isAbout: IsAbout): Promise<Erased>
  /** Removes the tasks that had no event for `ageMs` and have no followers; resolves with their number. */
  trim (ageMs: number): Promise<number>
  /**
   * Resolves when an append would succeed now.
   *
   * @throws {RelayError} `STORE_UNAVAILABLE` when it would fail
   */
  check (): Promise<void>
  /** Resolves with the bytes that the store takes on disk or in its server; NaN for a store in this process. */
  bytes (): Promise<number>
  /** Announces this relay and lists all on the store, see `EventStore.nodes`; undefined if it does not know them. */
  nodes (own?: RelayNode): Promise<ListedNode[] | undefined>
  /** Closes bus and store. Idempotent. */
  close (): Promise<void>
}

/** Receives the time from the call of `publish()` to each stage of an event, in milliseconds. */
export interface HubObserver {
  /** The event is durable. */
  committed (ms: number): void
  /** The event was delivered to its followers in this process. */
  delivered (ms: number): void
}

/** Parts of a hub. */
export interface HubOptions {
  readonly store: EventStore
  readonly bus: EventBus
  /** Interval at which the store is asked for events that the bus did not report, in milliseconds. Default 1,000. */
  readonly resyncMs?: number | undefined
  readonly observer?: HubObserver | undefined
}

/** Creates the hub of a store and a bus. The hub closes both. */
export function createHub ({ store, bus, resyncMs = 1000, observer }: HubOptions): Hub {
  const source: Source = { ...fairReader(store), extent: (taskId) => store.extent(taskId) }
  const groups = createGroups({ store, source, bus, resyncMs })

  async function locate (taskId: string, { cursor, replay = 'latest' }: FollowFrom): Promise<Position> {
    return resolveCursor(cursor, replay, await store.extent(taskId))
  }

  function announce ({ event, duplicate }: Appended): void {
    // The event is kept even if its news is lost: followers find it in the store.
    if (!duplicate && !store.publishes) bus.publish(event).catch(() => {})
  }

  return {
    async publish (taskId, draft) {
      const start = performance.now()
      const appended = await store.append(taskId, draft)
      observer?.committed(performance.now() - start)
      announce(appended)
      if (groups.has(taskId)) observer?.delivered(performance.now() - start)
      return appended
    },

    submissions: announceSubmissions(store.submissions, announce),
    hold: (held) => store.quarantine.hold(held),
    quarantineSize: async () => (await store.quarantine.list()).length,
    quarantine: store.quarantine,

    replay: (read, id) => replayHeld(store.quarantine, read, { id, onAppended: announce }),

    async follow (taskId, from, receiver) {
      // Subscribes before it reads: an event that comes in between is notified or read, never missed.
      const { follower, listening } = groups.enter(taskId, receiver)
      try {
        await listening
        const position = await locate(taskId, from)
        groups.start(follower, position)
        return { position, follower }
      } catch (error) {
        follower.stop()
        throw error
      }
    },

    async history (taskId, cursor) {
      const position = await locate(taskId, { cursor, replay: 'all' })
      // Undefined if the task was erased since.
      return { position, events: await source.read(taskId, position.cursor, PAGE) ?? [] }
    },

    tasks: (options) => listTasks(store, options),

    async erase (taskId, isAbout) {
      const erased = await eraseTask(store, taskId, isAbout)
      groups.poll(taskId)
      return erased
    },

    trim: (ageMs) => store.trim(ageMs, (taskId) => groups.has(taskId)),
    check: () => store.check(),
    bytes: async () => await store.bytes?.() ?? NaN,
    nodes: async (own) => store.nodes?.(own),

    async close () {
      groups.close()
      await bus.close()
      await store.close()
    }
  }
}
