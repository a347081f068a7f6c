import type { Status, TaskGroup, TaskListAnswer, Timeline } from '../../schemas/admin.ts'
import type { TaskState } from '../../schemas/event.ts'
import { RelayError } from '../errors.ts'
import type { Hub } from '../hub/hub.ts'
import { describeState } from '../hub/task-state.ts'
import { known } from './known.ts'

const LIMIT = 50

const GROUPS: Readonly<Record<TaskGroup, readonly TaskState[]>> = {
  waiting: ['pending'],
  overdue: ['overdue'],
  failed: ['phrase-failed', 'voice-failed', 'timed-out'],
  ready: ['phrase-ready', 'voice-ready']
}

/** Part of the list of tasks to answer. */
export interface TaskListQuestion {
  readonly group?: TaskGroup | undefined
  readonly before?: string | undefined
  readonly limit?: number | undefined
}

/** Returns a time in milliseconds since 1970 as ISO 8601. */
export function toIso (ms: number): string {
  return new Date(ms).toISOString()
}

/** Lists tasks of a group of states, for the operator. */
export async function answerTasks (
  hub: Pick<Hub, 'tasks'>, { group, before, limit = LIMIT }: TaskListQuestion
): Promise<TaskListAnswer> {
  const { tasks, next, readTo } = await hub.tasks({ states: group && GROUPS[group], before, limit })
  return {
    tasks: tasks.map(({ at, submittedAt, ...task }) => {
      return { ...task, updatedAt: toIso(at), submittedAt: submittedAt === null ? null : toIso(submittedAt) }
    }),
    next: next ?? null,
    readTo: readTo === undefined ? null : toIso(readTo)
  }
}

/**
 * Describes what has happened to a task, for the operator. Ids of submissions are left out: their callback URLs carry
 * them.
 *
 * @param after - event id: only later events are shown
 * @throws {RelayError} `TASK_UNKNOWN` or `TASK_EXPIRED` when nothing is kept of the task
 */
export async function answerTimeline (
  hub: Pick<Hub, 'history' | 'submissions'>, taskId: string, after?: string
): Promise<Timeline> {
  const { position: { extent }, events } = await hub.history(taskId, after)
  const submissions = await hub.submissions.of(taskId)
  const { state } = describeState(extent)
  if (state === 'unknown') throw new RelayError('TASK_UNKNOWN', `Cannot show the task: ${taskId} is unknown`)
  if (state === 'expired') throw new RelayError('TASK_EXPIRED', `Cannot show the task: ${taskId} has expired`)
  return {
    taskId,
    state,
    lastEventId: extent.newest?.id ?? null,
    submissions: submissions.map(({ step, stage, submittedAt, asked }) => {
      return { step, stage, submittedAt: toIso(submittedAt), asked }
    }),
    events: events.map(({ id, event, data }) => ({ id, event, data: JSON.parse(data) }))
  }
}

/** Returns the numbers of a store, for the operator: null for those that are unknown. */
export async function answerStore (
  hub: Pick<Hub, 'bytes' | 'quarantineSize' | 'submissions'>
): Promise<Status['store']> {
  const [bytes, quarantined, counts] = await Promise.all([
    known(hub.bytes(), NaN),
    known(hub.quarantineSize(), null),
    known(hub.submissions.counts(), { expected: null, overdue: null })
  ])
  return { bytes: Number.isNaN(bytes) ? null : bytes, quarantined, ...counts }
}
