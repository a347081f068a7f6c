import type { TaskState } from '../../schemas/event.ts'
import { taskState } from '../event.ts'
import type { Extent } from '../store/store.ts'

/** State of a task, and the time of the submission whose outcome is expected, ISO 8601, if there is one. */
export interface DescribedState {
  readonly state: TaskState | 'expired' | 'unknown'
  readonly submittedAt?: string
}

/** Describes a task: by the submission that it waits for, else by its newest event, else by whether it had any. */
export function describeState ({ expected, newest, last }: Extent): DescribedState {
  if (expected) {
    const submittedAt = new Date(expected.submittedAt).toISOString()
    return { state: expected.isOverdue ? 'overdue' : 'pending', submittedAt }
  }
  if (newest) return { state: taskState(newest.event) }
  return { state: last > 0 ? 'expired' : 'unknown' }
}
