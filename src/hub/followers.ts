import type { EventBus, Unsubscribe } from '../bus/bus.ts'
import type { PageReader } from './fair-reader.ts'
import { TaskFollower, type Receiver } from './follower.ts'
import type { EventStore } from '../store/store.ts'

/** Followers of one task, and the subscription that they share. */
interface Group {
  readonly followers: Set<TaskFollower>
  readonly subscription: Promise<Unsubscribe>
}

/** Followers of all tasks: the bus notifies them, and they poll the store from time to time. */
export interface Groups {
  /**
   * Creates a follower of a task; it leaves when it stops.
   *
   * @returns the follower, and a promise that resolves once it is notified of all later news
   */
  enter (taskId: string, receiver: Receiver): { readonly follower: TaskFollower, readonly listening: Promise<unknown> }
  /** Whether a task has followers. */
  has (taskId: string): boolean
  /** Ends the polls. */
  close (): void
}

/** Parts of groups. */
export interface GroupsOptions {
  readonly store: EventStore
  /** Reads the store for followers. */
  readonly reader: PageReader
  readonly bus: EventBus
  /**
   * Interval at which followers poll the store on a bus that may lose news, and on other buses when another process
   * has written to it, in milliseconds.
   */
  readonly resyncMs: number
}

/** Creates groups without followers. */
export function createGroups ({ store, reader, bus, resyncMs }: GroupsOptions): Groups {
  const groups = new Map<string, Group>()
  const resync = setInterval(bus.lossless ? pollIfChanged : pollAll, resyncMs).unref()

  function pollAll (): void {
    for (const { followers } of groups.values()) for (const follower of followers) follower.poll()
  }

  let asking = false

  /** Another process's writes are never published on this process's bus. */
  async function pollIfChanged (): Promise<void> {
    // One question at a time: appends would wait behind many of them.
    if (asking || groups.size === 0) return
    asking = true
    // An unavailable store is asked again the next time.
    if (await store.changedElsewhere().catch(() => false)) pollAll()
    asking = false
  }

  function join (taskId: string): Group {
    const followers = new Set<TaskFollower>()
    const subscription = bus.subscribe(taskId, (event) => { for (const follower of followers) follower.notify(event) })
    const group = { followers, subscription }
    groups.set(taskId, group)
    return group
  }

  function leave (follower: TaskFollower): void {
    const { followers, subscription } = groups.get(follower.taskId) as Group
    followers.delete(follower)
    if (followers.size > 0) return
    groups.delete(follower.taskId)
    // A failed subscription needs no end; `listening` has rejected.
    subscription.then((unsubscribe) => { unsubscribe() }, () => {})
  }

  return {
    enter (taskId, receiver) {
      const group = groups.get(taskId) ?? join(taskId)
      const follower = new TaskFollower(reader, taskId, receiver, leave)
      group.followers.add(follower)
      return { follower, listening: group.subscription }
    },

    has: (taskId) => groups.has(taskId),
    close () { clearInterval(resync) }
  }
}
