import type { Replay } from '../../schemas/event.ts'
import type { EventBus } from '../bus/bus.ts'
import { resolveCursor, type Position } from './cursor.ts'
import { fairReader } from './fair-reader.ts'
import type { Follower, Receiver } from './follower.ts'
import { createGroups } from './followers.ts'
import { replayHeld, type ReadHeld, type Replayed } from './replay.ts'
import type { Appended, EventStore } from '../store/store.ts'
import type { EventDraft, HeldDraft, TaskEvent } from '../event.ts'

const PAGE = 1000

/** Where a follower wants to start. */
export interface FollowFrom {
  /** The last event id that it has; undefined for none. */
  readonly cursor?: string | undefined
  /** What it gets of the past when it has no cursor. Default `latest`: the task's newest event. */
  readonly replay?: Replay | undefined
}

/** A task that is followed. */
export interface Followed {
  /** Where it starts. */
  readonly position: Position
  readonly follower: Follower
}

/** A task's past after a position. */
export interface History {
  readonly position: Position
  /** Oldest first. */
  readonly events: TaskEvent[]
}

/** Publishes events of tasks and lets them be followed: the one place where the store meets the bus. */
export interface Hub {
  /**
   * Keeps an event and tells its followers. Resolves once it is durable, whether or not the news of it got through.
   *
   * @throws {RelayError} `STORE_UNAVAILABLE` when it was not kept; `CALLBACK_UNAUTHENTIC` when its delivery belongs to
   *   another body
   */
  publish (taskId: string, draft: EventDraft): Promise<Appended>
  /**
   * Holds a callback that could not be read; resolves once that is durable.
   *
   * @returns the event that the same delivery became before, if it did; then nothing is held
   * @throws {RelayError} as `publish()`; `QUARANTINE_FULL` when there is no room
   */
  hold (held: HeldDraft): Promise<TaskEvent | undefined>
  /**
   * Reads what is held again, oldest first, and publishes what can be read now, each once however many replay at a time.
   *
   * @param read - throws for what it still cannot read: that stays
   * @param id - the one to replay; default: all
   * @throws {RelayError} `STORE_UNAVAILABLE` when the store does not do its work; what was published by then is
   */
  replay (read: ReadHeld, id?: number): Promise<Replayed[]>
  /**
   * Follows a task. Nothing is delivered before the first `resume()`, and from then on nothing is missed.
   *
   * @throws {RelayError} `STORE_UNAVAILABLE` when the task's past cannot be read
   */
  follow (taskId: string, from: FollowFrom, receiver: Receiver): Promise<Followed>
  /**
   * Returns the events of a task after a cursor, or from its oldest event if there is no cursor or it is not known: at
   * most 1,000 of them, or 256 KiB.
   *
   * @throws {RelayError} `STORE_UNAVAILABLE` when it cannot be read
   */
  history (taskId: string, cursor: string | undefined): Promise<History>
  /** Resolves with the number of quarantined callbacks. */
  quarantineSize (): Promise<number>
  /** Forgets the tasks that had no event for `ageMs` and that nobody follows; says how many. */
  trim (ageMs: number): Promise<number>
  /**
   * Resolves when an event could be kept now.
   *
   * @throws {RelayError} `STORE_UNAVAILABLE` when none could
   */
  check (): Promise<void>
  /** Closes bus and store. Twice is fine. */
  close (): Promise<void>
}

/** Told how long an event took since `publish()` was called, in milliseconds. */
export interface HubObserver {
  /** Until it was durable. */
  committed (ms: number): void
  /** Until its followers here had been told. */
  told (ms: number): void
}

/** Parts of a hub. */
export interface HubOptions {
  readonly store: EventStore
  readonly bus: EventBus
  /** Interval at which followers look for events that the bus did not report, in milliseconds. Default 1,000. */
  readonly resyncMs?: number | undefined
  readonly observer?: HubObserver | undefined
}

/** Creates the hub of a store and a bus. The hub closes both. */
export function createHub ({ store, bus, resyncMs = 1000, observer }: HubOptions): Hub {
  const reader = fairReader(store)
  const groups = createGroups({ store, reader, bus, resyncMs })

  async function locate (taskId: string, { cursor, replay = 'latest' }: FollowFrom): Promise<Position> {
    return resolveCursor(cursor, replay, store.epoch, await store.extent(taskId))
  }

  function tell ({ event, duplicate }: Appended): void {
    // News that is not handed on is found in the store; the event is kept all the same.
    if (!duplicate) bus.publish(event).catch(() => {})
  }

  return {
    async publish (taskId, draft) {
      const began = performance.now()
      const appended = await store.append(taskId, draft)
      observer?.committed(performance.now() - began)
      tell(appended)
      if (groups.has(taskId)) observer?.told(performance.now() - began)
      return appended
    },

    hold: (held) => store.quarantine.hold(held),
    quarantineSize: async () => (await store.quarantine.list()).length,

    replay: (read, id) => replayHeld(store.quarantine, read, { id, onAppended: tell }),

    async follow (taskId, from, receiver) {
      // Listens before it looks: an event that comes in between is told or found, never missed.
      const { follower, listening } = groups.enter(taskId, receiver)
      try {
        await listening
        const position = await locate(taskId, from)
        follower.start(position)
        return { position, follower }
      } catch (error) {
        follower.stop()
        throw error
      }
    },

    async history (taskId, cursor) {
      const position = await locate(taskId, { cursor, replay: 'all' })
      return { position, events: await reader.read(taskId, position.after, PAGE) }
    },

    trim: (ageMs) => store.trim(ageMs, (taskId) => groups.has(taskId)),
    check: () => store.check(),

    async close () {
      groups.close()
      await bus.close()
      await store.close()
    }
  }
}
