import { rmSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { filesOf, openForWriting, type Files } from './database.ts'
import { sqliteDeliveries } from './deliveries.ts'
import { sqliteEpochs } from './epochs.ts'
import { sqliteEventLog } from './event-log.ts'
import { sqliteHeldTable } from './quarantine-table.ts'
import { submissionCalls } from '../submission-calls.ts'
import { sqliteSubmissionTable } from './submission-table.ts'
import { sqliteTrimmer } from './trim.ts'

/** Opens the file again after a failure. Refuses another history: its numbers would mix with ours. */
export function reopenSession (path: string, life: string, main: number | undefined): Session {
  const session = filesOf(path).main === main ? openSession(path) : undefined
  if (!session) throw new Error('its file was removed or replaced while it was in use, put it back or restart')
  if (session.epochs.life === life) return session
  session.db.close()
  throw new Error('its history was replaced while it was in use, restart to use the other one')
}

/**
 * Copies the log into the file if the log was removed under the connection, unless somebody has started another one.
 *
 * @returns whether the log or its index is another one now. Then every connection of this process must close before one
 *   opens: SQLite shares the index among them, and the old index does not fit a new log
 * @see https://www.sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use
 */
export function rescue (path: string, db: DatabaseSync, { main, wal, shm }: Files): boolean {
  const now = filesOf(path)
  if (now.main !== main || (now.wal === wal && now.shm === shm)) return false
  if (now.wal === undefined) {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    // An index that other processes share with the old log must not describe the new one.
    rmSync(`${path}-shm`, { force: true })
  }
  return true
}

/** Open database of the writer, with its prepared statements. */
export type Session = ReturnType<typeof openSession>

/** Opens the database of the writer. */
export function openSession (path: string) {
  const db: DatabaseSync = openForWriting(path)
  const prepare = (sql: string): StatementSync => db.prepare(sql)
  const epochs = sqliteEpochs(db)
  const log = sqliteEventLog(db, epochs)
  const submissions = sqliteSubmissionTable(db)
  return {
    db,
    log,
    submissions,
    calls: submissionCalls({ table: submissions, log }),
    deliveries: sqliteDeliveries(db, epochs),
    held: sqliteHeldTable(db),
    trimmer: sqliteTrimmer(db),
    epochs,
    files: filesOf(path),
    check: prepare("INSERT OR REPLACE INTO meta VALUES ('checked', ?)"),
    latest: prepare(`SELECT max(
      coalesce((SELECT at FROM events ORDER BY n DESC LIMIT 1), 0),
      coalesce((SELECT submitted_at FROM submissions ORDER BY n DESC LIMIT 1), 0),
      coalesce((SELECT max(at) FROM calls), 0)
    ) AS at`)
  }
}
