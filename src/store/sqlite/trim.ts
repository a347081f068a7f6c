import type { DatabaseSync } from 'node:sqlite'
import { renewFork, type Fork } from './epochs.ts'
import { DAY_MS } from '../submissions.ts'

// Keys of deliveries live two days at most. As long, their erased events must not be appended again.
const ERASED_MS = 2 * DAY_MS

/** Result of one step of the scan for old tasks. */
export interface StaleStep {
  /** Row after which the next step starts; undefined at the end. */
  readonly next: number | undefined
  /** Keys of tasks. */
  readonly keys: string[]
}

/** Trimming of the tables `events` and `marks`, for the writer's transaction. */
export interface Trimmer {
  /** Scans the next `limit` rows after row `after` for tasks whose newest event is not younger than `before`. */
  stale (before: number, after: number, limit: number): StaleStep
  /** Removes a task's events, except its high-water mark, unless its newest event is younger than `before`. */
  forget (key: string, before: number): boolean
  /**
   * Removes high-water marks that are not younger than `before`, at most `limit`; returns whether it found as many.
   * Starts another fork if it removed any: their tasks would use their ids again.
   */
  forgetMarks (before: number, limit: number): boolean
}

/** Prepares the statements of trimming. */
export function sqliteTrimmer (db: DatabaseSync): Trimmer {
  const scan = db.prepare(`
    SELECT n, task_key AS key, at,
      EXISTS (SELECT 1 FROM events later WHERE later.task_key = events.task_key AND later.seq > events.seq) AS isOlder
    FROM events WHERE n > ? ORDER BY n LIMIT ?`)
  const newest = db.prepare('SELECT seq, fork, at FROM events WHERE task_key = ? ORDER BY seq DESC LIMIT 1')
  const keepMark = db.prepare(`
    INSERT OR REPLACE INTO marks (task_key, seq, fork, at, erased)
    VALUES (?1, ?2, ?3, ?4, (SELECT erased FROM marks WHERE task_key = ?1))`)
  const remove = db.prepare('DELETE FROM events WHERE task_key = ?')
  const scanMarks = db.prepare(`
    SELECT n, at + CASE WHEN erased IS NULL THEN 0 ELSE ${ERASED_MS} END AS at FROM marks ORDER BY n LIMIT ?`)
  const removeMarks = db.prepare('DELETE FROM marks WHERE n <= ?')

  return {
    stale (before, after, limit) {
      const rows = scan.all(after, limit) as unknown as
        Array<{ n: number, key: string, at: number, isOlder: number }>
      const old = rows.filter(({ at }) => at <= before)
      const next = old.length === limit ? old.at(-1)?.n : undefined
      return { next, keys: old.filter(({ isOlder }) => isOlder === 0).map(({ key }) => key) }
    },

    forget (key, before) {
      const last = newest.get(key) as { seq: number, fork: Fork, at: number } | undefined
      if (!last || last.at > before) return false
      keepMark.run(key, last.seq, last.fork, last.at)
      remove.run(key)
      return true
    },

    forgetMarks (before, limit) {
      const rows = scanMarks.all(limit) as unknown as Array<{ n: number, at: number }>
      const young = rows.findIndex(({ at }) => at > before)
      const last = rows.at(young === -1 ? -1 : young - 1)
      if (young === 0 || !last) return false
      removeMarks.run(last.n)
      renewFork(db)
      return young === -1 && rows.length === limit
    }
  }
}
