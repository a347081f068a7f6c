import type { DatabaseSync } from 'node:sqlite'
import { mergeLists, type ListRow, type TaskPage, type TaskPageOptions } from '../task-list.ts'
import { toEvent, type Epochs, type EventRow } from './epochs.ts'
import { readExpected, type ExpectedRow } from './extent.ts'
import { TASK_ID, type Generations } from './generations.ts'

/** Row of one of the tables. `isLatest`: there is no later row of its task. */
interface Row extends ExpectedRow {
  readonly place: number
  readonly taskId: string
  readonly at: number
  readonly isLatest: number
}

interface KeptRow extends EventRow {
  readonly key: string
  readonly at: number
}

/** Reads a page of the list of tasks, in a snapshot. */
export type ReadTasks = (options: TaskPageOptions) => TaskPage

/** Prepares the statements that read the list of tasks: both tables backwards, at most `limit` rows of each. */
export function taskListReader (
  db: DatabaseSync, { epochs, generations }: { epochs: Epochs, generations: Generations }
): ReadTasks {
  const events = db.prepare(`
    SELECT kept.n AS place, kept.id AS taskId, task_key AS key, kept.at, seq, fork, event, data, watched.step,
      watched.submitted_at AS submittedAt, watched.stage = 'overdue' AS isOverdue,
      NOT EXISTS (SELECT 1 FROM events later WHERE later.task_key = kept.task_key AND later.seq > kept.seq)
        AND coalesce(watched.submitted_at <= kept.at, 1) AS isLatest
    FROM (
      SELECT n, task_key, ${TASK_ID} AS id, seq, fork, at, event, data
      FROM events WHERE n < ? ORDER BY n DESC LIMIT ? + 0
    ) kept
    LEFT JOIN submissions watched ON watched.n = (
      SELECT max(n) FROM submissions WHERE task_id = kept.id AND due_at IS NOT NULL)
    ORDER BY kept.n DESC`)
  const submissions = db.prepare(`
    SELECT one.n AS place, one.task_id AS taskId, one.submitted_at AS at, one.step,
      one.submitted_at AS submittedAt, one.stage = 'overdue' AS isOverdue,
      one.due_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM submissions later
        WHERE later.task_id = one.task_id AND later.n > one.n AND later.due_at IS NOT NULL) AS isLatest
    FROM submissions one WHERE n < ? ORDER BY n DESC LIMIT ? + 0`)
  const newest = db.prepare(`
    SELECT task_key AS key, at, seq, fork, event, data FROM events WHERE task_key = ? ORDER BY seq DESC LIMIT 1`)

  function toRow ({ place, at, taskId, isLatest, ...expected }: Row, kept: KeptRow | undefined): ListRow<number> {
    if (isLatest !== 1) return { place, at, task: undefined }
    const event = kept && toEvent(epochs.toStored(kept.key, kept))
    return { place, at, task: { taskId, at, newest: event, ...readExpected(expected) } }
  }

  /** Adds the newest event of its task to a submission. A later event has a row of its own. */
  function toSubmissionRow (row: Row): ListRow<number> {
    const key = row.isLatest === 1 ? generations.find(row.taskId) : undefined
    const kept = key === undefined ? undefined : newest.get(key) as KeptRow | undefined
    return toRow(kept && kept.at >= row.at ? { ...row, isLatest: 0 } : row, kept)
  }

  return ({ before, limit }) => {
    const places = before === undefined ? [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] : readPlaces(before)
    const [fromEvent, fromSubmission] = places as [number, number]
    const kept = (events.all(fromEvent, limit) as unknown as Array<Row & KeptRow>).map((row) => toRow(row, row))
    const submitted = (submissions.all(fromSubmission, limit) as unknown as Row[]).map(toSubmissionRow)
    const { tasks, last, isEnd } = mergeLists(kept, submitted, limit)
    return { tasks, next: isEnd ? undefined : places.map((place, i) => last[i] ?? place).join('.') }
  }
}

/** Reads the text of a place; of any other text, the place at the end of the list. */
function readPlaces (text: string): number[] {
  const [, event = 0, submission = 0] = /^(\d{1,16})\.(\d{1,16})$/.exec(text) ?? []
  return [Number(event), Number(submission)]
}
