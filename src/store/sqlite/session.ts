import { rmSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { filesOf, openForWriting, type Files } from './database.ts'
import { sqliteDeliveries } from './deliveries.ts'
import { sqliteEpochs } from './epochs.ts'
import { sqliteEventLog } from './event-log.ts'
import { noGenerations, writtenGenerations, type KnownGenerations } from './generations.ts'
import { sqliteHeldTable } from './quarantine-table.ts'
import { prepareVersion } from './schema.ts'
import { submissionCalls } from '../submission-calls.ts'
import { sqliteSubmissionTable } from './submission-table.ts'
import { sqliteTrimmer } from './trim.ts'

/** Opens the file again after a failure. Refuses another history: its numbers would mix with ours. */
export function reopenSession (
  path: string, { life, main, known }: { life: string, main: number | undefined, known: KnownGenerations }
): Session {
  const session = filesOf(path).main === main ? openSession(path, known) : undefined
  if (!session) throw new Error('its file was removed or replaced while it was in use, put it back or restart')
  if (session.epochs.life === life) return session
  session.db.close()
  Object.assign(known, noGenerations())
  throw new Error('its history was replaced while it was in use, restart to use the other one')
}

/** State of a log under a connection: `kept`, or `left` if this process must leave it. */
export type LogState = 'kept' | 'left'

/**
 * Copies the log into the file, if the log or its index was removed under the connection.
 *
 * A full checkpoint waits for the other connections of the old log, under its locks. Their later transactions find the
 * files changed, under the same locks, and write nothing: so nothing is lost, and no second log misses a page of the
 * first one. Only if a process that does not have the old log starts another one in the meantime, the old one is lost.
 *
 * @returns `left` if the log must be left. Then every connection of this process must close before one opens: SQLite
 *   shares the index among them, and the old index does not fit a new log
 * @throws {Error} when the checkpoint is not complete
 * @see https://www.sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use
 */
export function rescue (path: string, db: DatabaseSync, { main, wal, shm }: Files): LogState {
  const now = filesOf(path)
  if (now.main !== main || (now.wal === wal && now.shm === shm)) return 'kept'
  if (now.wal !== undefined && now.wal !== wal) return 'left'
  const { busy } = db.prepare('PRAGMA wal_checkpoint(FULL)').get() as { busy: number }
  if (busy !== 0) throw new Error('its log was removed while it was in use, and cannot be copied yet')
  // Others who have the old log must not share its index with those who start another one.
  if (now.wal === undefined) rmSync(`${path}-shm`, { force: true })
  return 'left'
}

/** Open database of the writer, with its prepared statements. */
export type Session = ReturnType<typeof openSession>

/** Opens the database of the writer. */
export function openSession (path: string, known: KnownGenerations) {
  const db: DatabaseSync = openForWriting(path)
  const prepare = (sql: string): StatementSync => db.prepare(sql)
  const epochs = sqliteEpochs(db)
  const generations = writtenGenerations(db, known)
  const log = sqliteEventLog(db, { epochs, generations })
  const submissions = sqliteSubmissionTable(db)
  return {
    db,
    generations,
    log,
    submissions,
    calls: submissionCalls({ table: submissions, log }),
    deliveries: sqliteDeliveries(db, { epochs, generations }),
    held: sqliteHeldTable(db),
    trimmer: sqliteTrimmer(db),
    epochs,
    files: filesOf(path),
    version: prepareVersion(db),
    check: prepare("INSERT OR REPLACE INTO meta VALUES ('checked', ?)"),
    latest: prepare(`SELECT max(
      coalesce((SELECT at FROM events ORDER BY n DESC LIMIT 1), 0),
      coalesce((SELECT submitted_at FROM submissions ORDER BY n DESC LIMIT 1), 0),
      coalesce((SELECT max(at) FROM calls), 0)
    ) AS at`)
  }
}
