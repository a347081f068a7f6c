import type { TaskState } from '../../schemas/event.ts'
import { taskState } from '../event.ts'
import type { Extent, ListedTask } from '../store/store.ts'

/** State of a task, and the time of the submission whose outcome is expected, ISO 8601, if there is one. */
export interface DescribedState {
  readonly state: TaskState | 'expired' | 'unknown'
  readonly submittedAt?: string
}

/** Describes a task: by the submission that it waits for, else by its newest event, else by whether it had any. */
export function describeState ({ expected, newest, last }: Extent): DescribedState {
  if (expected) return { state: stateOf({ expected }), submittedAt: new Date(expected.submittedAt).toISOString() }
  if (newest) return { state: stateOf({ newest }) }
  return { state: last > 0 ? 'expired' : 'unknown' }
}

/** Returns the state of a task that has an event, or waits for the outcome of a submission. */
export function stateOf ({ newest, expected }: Partial<Pick<ListedTask, 'newest' | 'expected'>>): TaskState {
  if (expected?.isOverdue) return 'overdue'
  return newest && !expected ? taskState(newest.event) : 'pending'
}
