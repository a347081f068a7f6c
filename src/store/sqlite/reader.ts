import type { DatabaseSync } from 'node:sqlite'
import { guard, openForReading, type EventRow } from './database.ts'
import { takePage } from '../page.ts'
import type { BoundRow } from '../submission-table.ts'
import type { Expected, SubmissionCounts } from '../submissions.ts'
import { COLUMNS } from './submission-table.ts'
import type { Held, HeldSummary } from '../../event.ts'

/** Reading side of the SQLite store: point reads of microseconds, on the caller's thread. */
export interface SqliteReader {
  /** Returns a page: rows of `taskId` whose seq is above `after`, oldest first, at most `limit`. */
  rows (taskId: string, after: number, limit: number): EventRow[]
  /** Returns the oldest and the highest seq of `taskId`, its newest row if any is kept, and what is expected of it. */
  extent (taskId: string): { first: number, last: number, newest: EventRow | undefined, expected?: Expected }
  /** Returns the submissions of a task, newest first. */
  submissions (taskId: string): BoundRow[]
  submissionCounts (): SubmissionCounts
  /** Returns the time at which the next submission may be claimed; undefined when none is watched. */
  nextDue (): number | undefined
  /** Returns the secret that signs reservations. */
  signingKey (): string
  /** Returns all quarantined callbacks, oldest first. */
  list (): HeldSummary[]
  held (id: number): Held | undefined
  close (): void
}

/**
 * Creates the reader of a SQLite file. It opens the file at the first read, and again after a failure.
 *
 * @throws {RelayError} `STORE_UNAVAILABLE`, naming the path, from every method
 */
export function sqliteReader (path: string): SqliteReader {
  let session: Session | undefined

  function read<T> (work: (session: Session) => T): T {
    return guard(path, () => {
      session ??= open(path)
      try {
        return work(session)
      } catch (error) {
        session.db.close()
        session = undefined
        throw error
      }
    })
  }

  return {
    rows: (taskId, after, limit) => read((s) => takePage(s.rows.iterate(taskId, after, limit) as Iterable<unknown> as Iterable<EventRow>)),
    extent: (taskId) => read((s) => extent(s, taskId)),
    list: () => read((s) => s.list.all() as unknown as HeldSummary[]),
    held: (id) => read((s) => s.held.get(id) as unknown as Held | undefined),
    submissions: (taskId) => read((s) => s.submissions.all(taskId) as unknown as BoundRow[]),
    submissionCounts: () => read((s) => ({ ...s.counts.get() }) as unknown as SubmissionCounts),
    nextDue: () => read((s) => nextDue(s)),
    signingKey: () => read((s) => (s.signingKey.get() as { value: string }).value),
    close () {
      session?.db.close()
      session = undefined
    }
  }
}

type Session = ReturnType<typeof open>

function open (path: string) {
  const db: DatabaseSync = openForReading(path)
  return {
    db,
    // The planner looks at the value of a bare LIMIT ?, and SQLite would prepare the statement again at every read.
    rows: db.prepare('SELECT seq, event, data FROM events WHERE task_id = ? AND seq > ? ORDER BY seq LIMIT ? + 0'),
    // One statement, since each takes and drops the file's locks. The mark counts only if the task has no row.
    extent: db.prepare(`
      SELECT kept.*, step, submitted_at AS submittedAt, stage = 'overdue' AS isOverdue FROM (SELECT 1) LEFT JOIN (
        SELECT * FROM (
          SELECT seq, event, data, (SELECT min(seq) FROM events WHERE task_id = ?1) AS first
          FROM events WHERE task_id = ?1 ORDER BY seq DESC LIMIT 1
        ) UNION ALL SELECT seq, NULL, NULL, seq + 1 FROM marks WHERE task_id = ?1 LIMIT 1
      ) kept LEFT JOIN (
        SELECT step, submitted_at, stage FROM submissions
        WHERE task_id = ?1 AND due_at IS NOT NULL ORDER BY n DESC LIMIT 1
      )`),
    submissions: db.prepare(`SELECT ${COLUMNS} FROM submissions WHERE task_id = ? ORDER BY n DESC`),
    counts: db.prepare(`
      SELECT count(*) AS expected, count(*) FILTER (WHERE stage = 'overdue') AS overdue
      FROM submissions WHERE due_at IS NOT NULL`),
    first: db.prepare(`
      SELECT due_at AS due, coalesce((SELECT CAST(value AS REAL) FROM meta WHERE key = 'paused until'), 0) AS pausedUntil
      FROM submissions WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1`),
    firstInPause: db.prepare(`
      SELECT min(max(due_at, min(deadline, ?1))) AS due FROM submissions WHERE due_at < ?1`),
    signingKey: db.prepare("SELECT value FROM meta WHERE key = 'signing key'"),
    list: db.prepare('SELECT id, at, step, reason, bytes FROM quarantine ORDER BY id'),
    held: db.prepare(`
      SELECT id, at, step, reason, bytes, signed_task_id AS signedTaskId, body FROM quarantine WHERE id = ?`)
  }
}

interface ExtentRow {
  readonly first: number
  /** Null for an unknown task. */
  readonly seq: number | null
  /** Null when no event is kept. */
  readonly event: EventRow['event'] | null
  readonly data: string
  /** Null when nothing is expected. */
  readonly step: Expected['step'] | null
  readonly submittedAt: number
  readonly isOverdue: number
}

function extent (s: Session, taskId: string): ReturnType<SqliteReader['extent']> {
  const { first, seq, event, data, step, submittedAt, isOverdue } = s.extent.get(taskId) as unknown as ExtentRow
  const newest = seq === null || event === null ? undefined : { seq, event, data }
  const kept = seq === null ? { first: 1, last: 0, newest } : { first, last: seq, newest }
  return step === null ? kept : { ...kept, expected: { step, submittedAt, isOverdue: isOverdue === 1 } }
}

/** A pause lasts until the deadline at most: no question is needed to give up. */
function nextDue (s: Session): number | undefined {
  const first = s.first.get() as { due: number, pausedUntil: number } | undefined
  if (!first || first.due >= first.pausedUntil) return first?.due
  return (s.firstInPause.get(first.pausedUntil) as { due: number }).due
}
