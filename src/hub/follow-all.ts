import type { Followed, FollowFrom, Hub } from './hub.ts'
import type { Receiver } from './follower.ts'

/** Task to follow, with the arguments of `Hub.follow()`. */
export interface Following {
  readonly taskId: string
  readonly from: FollowFrom
  readonly receiver: Receiver
}

/**
 * Follows several tasks: all of them, or none.
 *
 * @returns followers in the order of the tasks
 * @throws {RelayError} `STORE_UNAVAILABLE` when the past of a task cannot be read
 */
export async function followAll (hub: Pick<Hub, 'follow'>, tasks: readonly Following[]): Promise<Followed[]> {
  const following = tasks.map(({ taskId, from, receiver }) => hub.follow(taskId, from, receiver))
  try {
    return await Promise.all(following)
  } catch (error) {
    for (const result of await Promise.allSettled(following)) {
      if (result.status === 'fulfilled') result.value.follower.stop()
    }
    throw error
  }
}
