import type { DatabaseSync } from 'node:sqlite'
import { guard, openForReading, type EventRow } from './database.ts'
import { takePage } from '../page.ts'
import type { Held, HeldSummary } from '../../event.ts'

/** Reading side of the SQLite store: point reads of microseconds, on the caller's thread. */
export interface SqliteReader {
  /** Returns a page: rows of `taskId` whose seq is above `after`, oldest first, at most `limit`. */
  rows (taskId: string, after: number, limit: number): EventRow[]
  /** Returns the oldest and the highest seq of `taskId`, and its newest row if any is kept. */
  extent (taskId: string): { first: number, last: number, newest: EventRow | undefined }
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
      SELECT * FROM (
        SELECT seq, event, data, (SELECT min(seq) FROM events WHERE task_id = ?1) AS first
        FROM events WHERE task_id = ?1 ORDER BY seq DESC LIMIT 1
      ) UNION ALL SELECT seq, NULL, NULL, seq + 1 FROM marks WHERE task_id = ?1 LIMIT 1`),
    list: db.prepare('SELECT id, at, step, reason, bytes FROM quarantine ORDER BY id'),
    held: db.prepare(`
      SELECT id, at, step, reason, bytes, signed_task_id AS signedTaskId, body FROM quarantine WHERE id = ?`)
  }
}

function extent (s: Session, taskId: string): ReturnType<SqliteReader['extent']> {
  const row = s.extent.get(taskId) as (EventRow | { seq: number, event: null }) & { first: number } | undefined
  if (!row) return { first: 1, last: 0, newest: undefined }
  return { first: row.first, last: row.seq, newest: row.event === null ? undefined : row }
}
