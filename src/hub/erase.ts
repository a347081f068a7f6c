import type { Held } from '../event.ts'
import type { Erased, EventStore } from '../store/store.ts'

/** Whether a callback in quarantine is about the task to erase. */
export type IsAbout = (held: Held) => boolean

/**
 * Erases a task and the callbacks in quarantine about it, or under a token of one of its submissions.
 *
 * @throws {RelayError} `STORE_UNAVAILABLE` when the store fails; then nothing is erased
 */
export async function eraseTask (store: EventStore, taskId: string, isAbout: IsAbout): Promise<Erased> {
  const submissions = new Set((await store.submissions.of(taskId)).map(({ id }) => id))
  const ids: number[] = []
  for (const { id } of await store.quarantine.list()) {
    const held = await store.quarantine.get(id)
    if (held && (submissions.has(held.submission ?? '') || isAbout(held))) ids.push(id)
  }
  return store.erase(taskId, ids)
}
