import type { Step } from '../../schemas/callback.ts'
import type { TaskState } from '../../schemas/event.ts'
import type { EventStore, ListedTask } from '../store/store.ts'
import { stateOf } from './task-state.ts'

/** Number of events and submissions that the store looks at in one go: about a millisecond with SQLite. */
const PAGE = 100
const MAX_PAGES = 20
// Leaves the event loop to callbacks most of the time, however fast somebody pages.
const PAUSE_MS = 5

/** Part of the list of tasks to read. */
export interface TaskListOptions {
  /** States to list; default: all. */
  readonly states?: readonly TaskState[] | undefined
  /** `next` of the list before; undefined for the most recent tasks. */
  readonly before?: string | undefined
  /** Number of tasks that suffice; the list may have up to 199 more. */
  readonly limit: number
}

/** Task of a list. */
export interface TaskSummary {
  readonly taskId: string
  readonly state: TaskState
  /** Step of the submission whose outcome is expected, else of the newest event; null if unknown. */
  readonly step: Step | null
  /** Time of the newest event, or of a newer submission, in milliseconds since 1970. */
  readonly at: number
  /** Time of the submission whose outcome is expected, in milliseconds since 1970; null without one. */
  readonly submittedAt: number | null
  /** Id of the newest event; null if none is kept. */
  readonly lastEventId: string | null
}

/** Tasks by their latest activity, most recent first. */
export interface TaskList {
  readonly tasks: TaskSummary[]
  /** Place at which the rest of the list starts; undefined at its end. */
  readonly next: string | undefined
  /** Activity of the last task that was looked at, in milliseconds since 1970; undefined if there was none. */
  readonly readTo: number | undefined
}

/**
 * Lists tasks in some states. Looks at 2,000 events and submissions at most, so a list may be short, or empty, and
 * still have a `next`. It pauses after each hundred, so that callbacks go on.
 *
 * @throws {RelayError} `STORE_UNAVAILABLE` when the store cannot be read
 */
export async function listTasks (
  store: Pick<EventStore, 'tasks'>, { states, before, limit }: TaskListOptions
): Promise<TaskList> {
  const tasks: TaskSummary[] = []
  let next = before
  let readTo: number | undefined
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await store.tasks({ before: next, limit: PAGE })
    for (const task of page.tasks) {
      const state = stateOf(task)
      if (!states || states.includes(state)) tasks.push(summarize(task, state))
    }
    next = page.next
    readTo = page.tasks.at(-1)?.at ?? readTo
    if (next === undefined || tasks.length >= limit) break
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  return { tasks, next, readTo }
}

function summarize ({ taskId, at, newest, expected }: ListedTask, state: TaskState): TaskSummary {
  const { step }: { step?: Step } = newest ? JSON.parse(newest.data) : {}
  return {
    taskId,
    state,
    step: expected?.step ?? step ?? null,
    at,
    submittedAt: expected?.submittedAt ?? null,
    lastEventId: newest?.id ?? null
  }
}
