import type { DatabaseSync } from 'node:sqlite'
import {
  RECENT_MS, type BoundRow, type RecentCalls, type SubmissionRow, type SubmissionTable
} from '../submission-table.ts'
import { DAY_MS } from '../submissions.ts'

/** Columns of the table `submissions` under the names of a {@link SubmissionRow}. */
export const COLUMNS = `n, id, step, named_task_id AS namedTaskId, task_id AS taskId, place, stage,
  submitted_at AS submittedAt, ask_at AS askAt, deadline, asked, due_at AS dueAt, has_progressed AS hasProgressed,
  progress, key, digest`

/** Table of submissions in a SQLite file. */
export interface SqliteSubmissionTable extends SubmissionTable {
  isEmpty (): boolean
  /** Whether a task has a submission that is expected or overdue. */
  isExpected (taskId: string): boolean
  /**
   * Forgets submissions of a day before `now` that are not awaited and whose task has no events, of the next `limit`
   * rows after row `after`.
   *
   * @returns row after which the next step starts; undefined at the end
   */
  forget (
    step: { now: number, after: number, limit: number }, hasEvents: (taskId: string) => boolean
  ): number | undefined
}

/** Prepares the statements of the table `submissions`, for the writer's transaction. */
export function sqliteSubmissionTable (db: DatabaseSync): SqliteSubmissionTable {
  return { ...rows(db), ...questions(db), ...trimming(db) }
}

type Rows = Pick<SubmissionTable, 'byId' | 'byKey' | 'of' | 'insert' | 'update' | 'remove'>

function rows (db: DatabaseSync): Rows {
  const byId = db.prepare(`SELECT ${COLUMNS} FROM submissions WHERE id = ?`)
  const byKey = db.prepare(`SELECT ${COLUMNS} FROM submissions WHERE key = ?`)
  const of = db.prepare(`SELECT ${COLUMNS} FROM submissions WHERE task_id = ? ORDER BY n DESC`)
  const insert = db.prepare(`
    INSERT INTO submissions
      (id, step, named_task_id, task_id, place, stage,
        submitted_at, ask_at, deadline, asked, has_progressed, key, digest)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const update = db.prepare(`
    UPDATE submissions SET task_id = ?, place = ?, stage = ?, asked = ?, due_at = ?, has_progressed = ?, progress = ?,
    key = ? WHERE n = ?`)
  const remove = db.prepare('DELETE FROM submissions WHERE n = ?')

  return {
    byId: (id) => byId.get(id) as unknown as SubmissionRow | undefined,
    byKey: (key) => byKey.get(key) as unknown as SubmissionRow | undefined,
    of: (taskId) => of.all(taskId) as unknown as BoundRow[],

    insert (row) {
      const { id, step, namedTaskId, taskId, place, stage } = row
      const { submittedAt, askAt, deadline, asked, hasProgressed, key, digest } = row
      const call = [id, step, namedTaskId, taskId, place, stage]
      const watch = [submittedAt, askAt, deadline, asked, hasProgressed, key, digest]
      return { ...row, n: Number(insert.run(...call, ...watch).lastInsertRowid) }
    },

    update (row, changes) {
      const changed = { ...row, ...changes }
      const { n, taskId, place, stage, asked, dueAt, hasProgressed, progress, key } = changed
      update.run(taskId, place, stage, asked, dueAt, hasProgressed, progress, key, n)
      return changed
    },

    remove ({ n }) { remove.run(n) }
  }
}

type Questions = Pick<SubmissionTable, 'due' | 'recordCall' | 'callsAfter' | 'pausedUntil' | 'pauseUntil'>

function questions (db: DatabaseSync): Questions {
  const due = db.prepare(`
    SELECT ${COLUMNS} FROM submissions WHERE due_at <= ?1 AND (deadline <= ?1) = ?2 ORDER BY due_at LIMIT ?3`)
  const insert = db.prepare('INSERT INTO calls (at, is_question) VALUES (?, ?)')
  const prune = db.prepare('DELETE FROM calls WHERE at <= ?')
  const recent = db.prepare(`
    SELECT count(*) AS calls, coalesce(sum(is_question), 0) AS questions, min(at) AS oldest FROM calls WHERE at > ?`)
  const pausedUntil = db.prepare("SELECT value FROM meta WHERE key = 'paused until'")
  const pauseUntil = db.prepare("INSERT OR REPLACE INTO meta VALUES ('paused until', ?)")

  return {
    due: (now, isPastDeadline, limit) => due.all(now, Number(isPastDeadline), limit) as unknown as BoundRow[],

    recordCall (at, isQuestion) {
      prune.run(at - RECENT_MS)
      insert.run(at, Number(isQuestion))
    },

    callsAfter: (at) => recent.get(at) as unknown as RecentCalls,
    pausedUntil: () => Number((pausedUntil.get() as { value: string } | undefined)?.value ?? 0),
    pauseUntil (at) { pauseUntil.run(String(at)) }
  }
}

interface Scanned {
  readonly n: number
  readonly taskId: string | null
  readonly submittedAt: number
  readonly isOver: number
}

function trimming (db: DatabaseSync): Pick<SqliteSubmissionTable, 'isEmpty' | 'isExpected' | 'forget'> {
  const first = db.prepare('SELECT 1 FROM submissions LIMIT 1')
  const expected = db.prepare('SELECT 1 FROM submissions WHERE task_id = ? AND due_at IS NOT NULL LIMIT 1')
  const scan = db.prepare(`
    SELECT n, task_id AS taskId, submitted_at AS submittedAt, deadline <= ? AND due_at IS NULL AS isOver
    FROM submissions WHERE n > ? ORDER BY n LIMIT ?`)
  const remove = db.prepare('DELETE FROM submissions WHERE n = ?')

  return {
    isEmpty: () => first.get() === undefined,
    isExpected: (taskId) => expected.get(taskId) !== undefined,

    forget ({ now, after, limit }, hasEvents) {
      const before = now - DAY_MS
      const rows = scan.all(now, after, limit) as unknown as Scanned[]
      for (const { n, taskId, submittedAt, isOver } of rows) {
        if (isOver === 1 && submittedAt <= before && !(taskId !== null && hasEvents(taskId))) remove.run(n)
      }
      const last = rows.at(-1)
      return rows.length === limit && (last as Scanned).submittedAt <= before ? last?.n : undefined
    }
  }
}
