import type { EventDraft, TaskEvent } from '../event.ts'
import type { EventStore } from '../store/store.ts'

/** Returns a draft that equals another one when `text` does. `data` may differ all the same, as `receivedAt` does. */
export function draft (text: string, data = text): EventDraft {
  return { event: 'task-update', data: JSON.stringify(data), digest: text }
}

/** Returns `count` drafts, no two of them equal. */
export function drafts (count: number): EventDraft[] {
  return numbers(count).map((n) => draft(`draft ${n}`))
}

/** Returns 1 to `count`. */
export function numbers (count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1)
}

/** Returns the numbers of events. */
export function seqs (events: readonly TaskEvent[]): number[] {
  return events.map(({ seq }) => seq)
}

/** Resolves with the kept events of a task, which must fit into a page. */
export async function readAll (store: Pick<EventStore, 'read'>, taskId: string): Promise<TaskEvent[]> {
  return await store.read(taskId, undefined, 1000) as TaskEvent[]
}
