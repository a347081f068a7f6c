import type { DatabaseSync } from 'node:sqlite'
import { mergeLists, type ListRow, type TaskPage, type TaskPageOptions } from '../task-list.ts'
import { toEvent, type Epochs, type EventRow } from './epochs.ts'
import { readExpected, type ExpectedRow } from './extent.ts'

/** Row of one of the tables, with the newest event of its task: its columns are null if there is none. */
interface Row extends ExpectedRow, EventRow {
  readonly place: number
  readonly taskId: string
  readonly at: number
  readonly isLatest: number
}

/** Reads a page of the list of tasks, in a snapshot. */
export type ReadTasks = (options: TaskPageOptions) => TaskPage

/** Prepares the statements that read the list of tasks: both tables backwards, at most `limit` rows of each. */
export function taskListReader (db: DatabaseSync, epochs: Epochs): ReadTasks {
  const events = db.prepare(`
    SELECT kept.n AS place, kept.task_id AS taskId, kept.at, kept.seq, kept.fork, kept.event, kept.data, watched.step,
      watched.submitted_at AS submittedAt, watched.stage = 'overdue' AS isOverdue,
      NOT EXISTS (SELECT 1 FROM events later WHERE later.task_id = kept.task_id AND later.seq > kept.seq)
        AND coalesce(watched.submitted_at <= kept.at, 1) AS isLatest
    FROM (SELECT n, task_id, seq, fork, at, event, data FROM events WHERE n < ? ORDER BY n DESC LIMIT ? + 0) kept
    LEFT JOIN submissions watched ON watched.n = (
      SELECT max(n) FROM submissions WHERE task_id = kept.task_id AND due_at IS NOT NULL)
    ORDER BY kept.n DESC`)
  const submissions = db.prepare(`
    SELECT one.n AS place, one.task_id AS taskId, one.submitted_at AS at,
      newest.seq, newest.fork, newest.event, newest.data, one.step,
      one.submitted_at AS submittedAt, one.stage = 'overdue' AS isOverdue,
      one.due_at IS NOT NULL AND coalesce(newest.at < one.submitted_at, 1) AND NOT EXISTS (
        SELECT 1 FROM submissions later
        WHERE later.task_id = one.task_id AND later.n > one.n AND later.due_at IS NOT NULL) AS isLatest
    FROM (
      SELECT n, task_id, step, stage, submitted_at, due_at FROM submissions WHERE n < ? ORDER BY n DESC LIMIT ? + 0
    ) one
    LEFT JOIN events newest ON newest.task_id = one.task_id AND newest.seq = (
      SELECT max(seq) FROM events WHERE task_id = one.task_id)
    ORDER BY one.n DESC`)

  function toRow (row: Row): ListRow<number> {
    const { place, at, taskId } = row
    if (row.isLatest !== 1) return { place, at, task: undefined }
    const newest = row.event === null ? undefined : toEvent(epochs.toStored(taskId, row))
    return { place, at, task: { taskId, at, newest, ...readExpected(row) } }
  }

  return ({ before, limit }) => {
    const places = before === undefined ? [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] : readPlaces(before)
    const [fromEvent, fromSubmission] = places as [number, number]
    const kept = (events.all(fromEvent, limit) as unknown as Row[]).map(toRow)
    const submitted = (submissions.all(fromSubmission, limit) as unknown as Row[]).map(toRow)
    const { tasks, last, isEnd } = mergeLists(kept, submitted, limit)
    return { tasks, next: isEnd ? undefined : places.map((place, i) => last[i] ?? place).join('.') }
  }
}

/** Reads the text of a place; of any other text, the place at the end of the list. */
function readPlaces (text: string): number[] {
  const [, event = 0, submission = 0] = /^(\d{1,16})\.(\d{1,16})$/.exec(text) ?? []
  return [Number(event), Number(submission)]
}
