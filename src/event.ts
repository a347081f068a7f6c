import type { EventName, TaskState } from '../schemas/event.ts'

/** What a task's newest event says of the task. */
export function taskState (newest: EventName): TaskState {
  return newest === 'task-update' ? 'pending' : newest
}

/** Whether an event of this name ends a wait: a phrase or a voice is there, or has failed. */
export function isOutcome (name: EventName): boolean {
  return name !== 'task-update'
}
