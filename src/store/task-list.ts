import type { TaskEvent } from '../event.ts'
import type { Expected } from './submissions.ts'

/** Task in a list, at the time of its latest activity: of its newest event, or of a newer submission that waits. */
export interface ListedTask {
  readonly taskId: string
  /** Time of the latest activity, in milliseconds since 1970. */
  readonly at: number
  /** The newest event; undefined if none is kept. */
  readonly newest: TaskEvent | undefined
  /** Set while the outcome of a submission is expected. */
  readonly expected?: Expected | undefined
}

/** Part of the list of tasks. */
export interface TaskPage {
  readonly tasks: ListedTask[]
  /** Place at which the next page starts; undefined at the end of the list. */
  readonly next: string | undefined
}

/** Part of the list of tasks to read. */
export interface TaskPageOptions {
  /** `next` of the page before; undefined for the most recent tasks. */
  readonly before?: string | undefined
  /** Number of events, and of submissions, to look at. */
  readonly limit: number
}

/** Row of one of the two lists that make the list of tasks. */
export interface ListRow<Place> {
  readonly place: Place
  /** Time of the event or the submission. */
  readonly at: number
  /** Undefined if the event or the submission is not the latest activity of its task. */
  readonly task: ListedTask | undefined
}

/**
 * Merges the rows of events and of submissions, each newest first, into a page.
 *
 * @param limit - number of rows that were read of each list: a shorter list has ended
 */
export function mergeLists<Place> (
  events: ReadonlyArray<ListRow<Place>>, submissions: ReadonlyArray<ListRow<Place>>, limit: number
): { readonly tasks: ListedTask[], readonly last: ReadonlyArray<Place | undefined>, readonly isEnd: boolean } {
  const [first, second] = [{ rows: events, used: 0 }, { rows: submissions, used: 0 }]
  const lists = [first, second]
  const tasks: ListedTask[] = []
  // Rows that were not read may be newer than the rest of the other list.
  while (lists.every(({ rows, used }) => used < rows.length || rows.length < limit)) {
    const [event, submission] = [first.rows[first.used], second.rows[second.used]]
    if (!event && !submission) break
    const isEvent = !submission || (event !== undefined && event.at >= submission.at)
    const row = (isEvent ? event : submission) as ListRow<Place>
    if (isEvent) first.used++
    else second.used++
    if (row.task) tasks.push(row.task)
  }
  const last = lists.map(({ rows, used }) => rows[used - 1]?.place)
  return { tasks, last, isEnd: lists.every(({ rows, used }) => used === rows.length && rows.length < limit) }
}
