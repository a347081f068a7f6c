import type { EventBus, Unsubscribe } from '../bus/bus.ts'
import type { PageReader } from './fair-reader.ts'
import { TaskFollower, type Receiver } from './follower.ts'
import type { EventStore } from '../store/store.ts'

/** The followers of one task, and the one subscription that they share. */
interface Group {
  readonly followers: Set<TaskFollower>
  readonly subscription: Promise<Unsubscribe>
}

/** The followers of all tasks, told by the bus, and made to look at the store from time to time. */
export interface Groups {
  /**
   * Makes a follower of a task; it leaves when it stops.
   *
   * @returns the follower, and a promise that resolves when it will be told all news from then on
   */
  enter (taskId: string, receiver: Receiver): { readonly follower: TaskFollower, readonly listening: Promise<unknown> }
  /** Whether anybody follows a task. */
  has (taskId: string): boolean
  /** Ends the looks at the store. */
  close (): void
}

/** Parts of groups. */
export interface GroupsOptions {
  readonly store: EventStore
  /** Reads the store for followers. */
  readonly reader: PageReader
  readonly bus: EventBus
  /**
   * Interval at which followers look at the store on a bus that may lose news, and on others when another process has
   * written to it, in milliseconds.
   */
  readonly resyncMs: number
}

/** Makes groups without followers. */
export function createGroups ({ store, reader, bus, resyncMs }: GroupsOptions): Groups {
  const groups = new Map<string, Group>()
  const resync = setInterval(bus.lossless ? lookIfChanged : lookAll, resyncMs).unref()

  function lookAll (): void {
    for (const { followers } of groups.values()) for (const follower of followers) follower.look()
  }

  let asking = false

  /** What another process has written is no news to this one's bus. */
  async function lookIfChanged (): Promise<void> {
    // A store that answers late must not be asked ever more: appends would wait behind that.
    if (asking || groups.size === 0) return
    asking = true
    // A store in trouble is asked again the next time.
    if (await store.changedElsewhere().catch(() => false)) lookAll()
    asking = false
  }

  function join (taskId: string): Group {
    const followers = new Set<TaskFollower>()
    const subscription = bus.subscribe(taskId, (event) => { for (const follower of followers) follower.tell(event) })
    const group = { followers, subscription }
    groups.set(taskId, group)
    return group
  }

  function leave (follower: TaskFollower): void {
    const { followers, subscription } = groups.get(follower.taskId) as Group
    followers.delete(follower)
    if (followers.size > 0) return
    groups.delete(follower.taskId)
    // A subscription that failed needs no end; who waited for it was told.
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
