import type { EventBus, News, Unsubscribe } from '../bus/bus.ts'
import type { Position } from './cursor.ts'
import { TaskFollower, type Receiver, type Source } from './follower.ts'
import { epochOf, isOfEpoch, newestId, parseEventId } from '../store/event-id.ts'
import type { EventStore } from '../store/store.ts'

// An id, and an epoch, that no event has.
const UNSURE = ''

type Identified = Pick<News, 'taskId' | 'seq' | 'id'>

/** Followers of one task, and the subscription that they share. */
interface Group {
  readonly followers: Set<TaskFollower>
  /** Epoch of the newest news. */
  epoch: string
  readonly subscription: Promise<Unsubscribe>
}

/** Followers of all tasks: the bus notifies them, and they poll the store for changes that the bus did not report. */
export interface Groups {
  /**
   * Creates a follower of a task; it leaves when it stops.
   *
   * @returns the follower, and a promise that resolves once it is notified of all later news
   */
  enter (taskId: string, receiver: Receiver): { readonly follower: TaskFollower, readonly listening: Promise<unknown> }
  /** Sets the position of a follower. */
  start (follower: TaskFollower, position: Position): void
  /** Makes the followers of a task read the store. */
  poll (taskId: string): void
  /** Whether a task has followers. */
  has (taskId: string): boolean
  /** Ends the polls. */
  close (): void
}

/** Parts of groups. */
export interface GroupsOptions {
  readonly store: EventStore
  /** Source that followers read. */
  readonly source: Source
  readonly bus: EventBus
  /** Interval at which the store is asked for changes that the bus did not report, in milliseconds. */
  readonly resyncMs: number
}

/** Creates groups without followers. */
export function createGroups ({ store, source, bus, resyncMs }: GroupsOptions): Groups {
  const groups = new Map<string, Group>()
  // Newest id of each followed task that all its followers know of, for `moved()`.
  const newest = new Map<string, string>()
  const resync = setInterval(pollMoved, resyncMs).unref()
  let asking = false
  // Set while news was missed after the question that is under way.
  let isDue = false

  function poll (taskId: string): void {
    for (const follower of groups.get(taskId)?.followers ?? []) follower.poll()
  }

  async function pollMoved (): Promise<void> {
    // One question at a time: appends would wait behind many of them.
    if (asking || groups.size === 0) return
    asking = true
    do {
      isDue = false
      // An unavailable store is asked again the next time.
      const moved = await store.moved(newest).catch(() => new Map<string, string>())
      for (const [taskId, id] of moved) {
        if (groups.has(taskId)) newest.set(taskId, id)
        poll(taskId)
      }
    } while (isDue)
    asking = false
  }

  bus.onMissed(() => {
    // Without `publishes`, `moved()` leaves out the appends of this process, whose news may have been missed, too.
    if (!store.publishes) for (const taskId of groups.keys()) poll(taskId)
    else if (asking) isDue = true
    else pollMoved()
  })

  /**
   * Records an event id.
   *
   * @param next - value if the id is newer; of ids of two epochs only the store knows which one is newer
   */
  function observe ({ taskId, seq, id }: Identified, next: string): void {
    const known = parseEventId(newest.get(taskId) ?? UNSURE)
    if (!known || !isOfEpoch(id, known.epoch)) newest.set(taskId, UNSURE)
    else if (seq > known.seq) newest.set(taskId, next)
  }

  function notify (news: News): void {
    const group = groups.get(news.taskId)
    if (!group) return
    observe(news, news.id)
    if (!isOfEpoch(news.id, group.epoch)) group.epoch = epochOf(news.id)
    for (const follower of group.followers) follower.notify(news, group.epoch)
  }

  /** One follower has read an id that the others may not know of: if it is newer, their news was lost or is to come. */
  function onRead (event: Identified): void {
    observe(event, UNSURE)
  }

  function join (taskId: string): Group {
    const group = { followers: new Set<TaskFollower>(), epoch: UNSURE, subscription: bus.subscribe(taskId, notify) }
    groups.set(taskId, group)
    return group
  }

  function leave (follower: TaskFollower): void {
    const { taskId } = follower
    const { followers, subscription } = groups.get(taskId) as Group
    followers.delete(follower)
    if (followers.size > 0) return
    groups.delete(taskId)
    newest.delete(taskId)
    // A failed subscription needs no end; `listening` has rejected.
    subscription.then((unsubscribe) => { unsubscribe() }, () => {})
  }

  const parts = { source, host: { onRead, onStop: leave } }

  return {
    enter (taskId, receiver) {
      const group = groups.get(taskId) ?? join(taskId)
      const follower = new TaskFollower(taskId, receiver, parts)
      group.followers.add(follower)
      return { follower, listening: group.subscription }
    },

    start (follower, position) {
      const { taskId } = follower
      const id = newestId(position.extent)
      if (newest.has(taskId)) onRead({ taskId, id, seq: position.extent.last })
      else newest.set(taskId, id)
      follower.start(position)
    },

    poll,
    has: (taskId) => groups.has(taskId),
    close () { clearInterval(resync) }
  }
}
