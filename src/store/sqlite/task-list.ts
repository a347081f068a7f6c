import type { DatabaseSync } from 'node:sqlite'
import type { EventName } from '../../../schemas/event.ts'
import { TASK_ID, type Generations } from './generations.ts'
import { mergeLists, type ListRow, type TaskPage, type TaskPageOptions } from '../task-list.ts'
import { readExpected, type ExpectedRow } from './extent.ts'

interface Row extends ExpectedRow {
  readonly place: number
  readonly taskId: string
  readonly at: number
  readonly event: EventName | null
  readonly isLatest: number
}

type Newest = Pick<Row, 'at' | 'event'>

/** Reads a page of the list of tasks, in a snapshot. */
export type ReadTasks = (options: TaskPageOptions) => TaskPage

/** Prepares the statements that read the list of tasks: both tables backwards, at most `limit` rows of each. */
export function taskListReader (db: DatabaseSync, generations: Generations): ReadTasks {
  const events = db.prepare(`
    SELECT kept.n AS place, kept.task_id AS taskId, kept.at, kept.event, watched.step,
      watched.submitted_at AS submittedAt, watched.stage = 'overdue' AS isOverdue,
      NOT EXISTS (SELECT 1 FROM events later WHERE later.task_key = kept.task_key AND later.seq > kept.seq)
        AND coalesce(watched.submitted_at <= kept.at, 1) AS isLatest
    FROM (
      SELECT n, task_key, ${TASK_ID} AS task_id, seq, at, event FROM events WHERE n < ? ORDER BY n DESC LIMIT ? + 0
    ) kept
    LEFT JOIN submissions watched ON watched.n = (
      SELECT max(n) FROM submissions WHERE task_id = kept.task_id AND due_at IS NOT NULL)
    ORDER BY kept.n DESC`)
  const submissions = db.prepare(`
    SELECT one.n AS place, one.task_id AS taskId, one.submitted_at AS at, one.step,
      one.submitted_at AS submittedAt, one.stage = 'overdue' AS isOverdue,
      one.due_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM submissions later
        WHERE later.task_id = one.task_id AND later.n > one.n AND later.due_at IS NOT NULL) AS isLatest
    FROM submissions one WHERE n < ? ORDER BY n DESC LIMIT ? + 0`)
  const newest = db.prepare('SELECT at, event FROM events WHERE task_key = ? ORDER BY seq DESC LIMIT 1')

  /** Adds the task's newest event to the row of a submission. An event after it has a row of its own. */
  function withEvent (row: Omit<Row, 'event'>): Row {
    const key = row.isLatest === 1 ? generations.find(row.taskId) : undefined
    const last = key === undefined ? undefined : newest.get(key) as Newest | undefined
    return { ...row, event: last?.event ?? null, isLatest: last && last.at >= row.at ? 0 : row.isLatest }
  }

  return ({ before, limit }) => {
    const places = before === undefined ? [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] : readPlaces(before)
    const [fromEvent, fromSubmission] = places as [number, number]
    const kept = (events.all(fromEvent, limit) as unknown as Row[]).map(toRow)
    const rows = submissions.all(fromSubmission, limit) as unknown as Array<Omit<Row, 'event'>>
    const submitted = rows.map(withEvent).map(toRow)
    const { tasks, last, isEnd } = mergeLists(kept, submitted, limit)
    return { tasks, next: isEnd ? undefined : places.map((place, i) => last[i] ?? place).join('.') }
  }
}

/** Reads the text of a place; of any other text, the place at the end of the list. */
function readPlaces (text: string): number[] {
  const [, event = 0, submission = 0] = /^(\d{1,16})\.(\d{1,16})$/.exec(text) ?? []
  return [Number(event), Number(submission)]
}

function toRow ({ place, taskId, at, event, isLatest, ...expected }: Row): ListRow<number> {
  const task = { taskId, at, event: event ?? undefined, ...readExpected(expected) }
  return { place, at, task: isLatest === 1 ? task : undefined }
}
