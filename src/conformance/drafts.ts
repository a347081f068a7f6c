import type { EventDraft, TaskEvent } from '../event.ts'

/** A draft that equals another one when `text` does. `data` may differ all the same, as `receivedAt` does. */
export function draft (text: string, data = text): EventDraft {
  return { event: 'task-update', data: JSON.stringify(data), digest: text }
}

/** `count` drafts, no two of them equal. */
export function drafts (count: number): EventDraft[] {
  return numbers(count).map((n) => draft(`draft ${n}`))
}

/** 1 to `count`. */
export function numbers (count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1)
}

/** The numbers of events. */
export function seqs (events: readonly TaskEvent[]): number[] {
  return events.map(({ seq }) => seq)
}
