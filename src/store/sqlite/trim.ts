import type { DatabaseSync } from 'node:sqlite'

/** A step of trimming: what to scan next, if anything is left, and the tasks that were found to be old. */
export interface StaleStep {
  readonly next: number | undefined
  readonly taskIds: string[]
}

/** What is old in the tables `events` and `marks`, in the writer's transaction. */
export interface Trimmer {
  /** Looks for tasks whose newest event is older than `before` in the next `limit` rows after row `after`. */
  stale (before: number, after: number, limit: number): StaleStep
  /** Forgets a task whose newest event is older than `before`, but for its high-water mark; false when it is not. */
  forget (taskId: string, before: number): boolean
  /** Forgets the high-water marks older than `before`, at most `limit`; says whether it found as many. */
  forgetMarks (before: number, limit: number): boolean
}

/** Prepares the statements of trimming. */
export function sqliteTrimmer (db: DatabaseSync): Trimmer {
  const scan = db.prepare(`SELECT n, task_id AS taskId, at, EXISTS (SELECT 1 FROM events later WHERE later.task_id = events.task_id AND later.seq > events.seq) AS older
    FROM events WHERE n > ? ORDER BY n LIMIT ?`)
  const newest = db.prepare('SELECT seq, at FROM events WHERE task_id = ? ORDER BY seq DESC LIMIT 1')
  const keepMark = db.prepare('INSERT OR REPLACE INTO marks (task_id, seq, at) VALUES (?, ?, ?)')
  const remove = db.prepare('DELETE FROM events WHERE task_id = ?')
  const scanMarks = db.prepare('SELECT n, at FROM marks ORDER BY n LIMIT ?')
  const removeMarks = db.prepare('DELETE FROM marks WHERE n <= ?')

  return {
    stale (before, after, limit) {
      const rows = scan.all(after, limit) as unknown as Array<{ n: number, taskId: string, at: number, older: number }>
      const old = rows.filter(({ at }) => at <= before)
      const next = old.length === limit ? old.at(-1)?.n : undefined
      return { next, taskIds: old.filter(({ older }) => older === 0).map(({ taskId }) => taskId) }
    },

    forget (taskId, before) {
      const last = newest.get(taskId) as { seq: number, at: number } | undefined
      if (!last || last.at > before) return false
      keepMark.run(taskId, last.seq, last.at)
      remove.run(taskId)
      return true
    },

    forgetMarks (before, limit) {
      const rows = scanMarks.all(limit) as unknown as Array<{ n: number, at: number }>
      const young = rows.findIndex(({ at }) => at > before)
      const last = rows.at(young === -1 ? -1 : young - 1)
      if (young === 0 || !last) return false
      removeMarks.run(last.n)
      return young === -1 && rows.length === limit
    }
  }
}
