import { randomBytes } from 'node:crypto'
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { EventName } from '../../../schemas/event.ts'
import { RelayError } from '../../errors.ts'

const BUSY_MS = 2000

// An index of a few megabytes stays in memory, and a page that is written often is copied from the log to the file once.
const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA journal_size_limit = 16777216;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA cache_size = -16384;
`

// Each leads from one version of the schema to the next. `n` grows in order of arrival, so new rows go to the end of the
// table and old ones are found at its start. `bytes` stands before `body`: a list or a sum never reads the bodies.
const MIGRATIONS = [`
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE events (
    n INTEGER PRIMARY KEY,
    task_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at REAL NOT NULL,
    event TEXT NOT NULL,
    data TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (task_id, seq)
  ) STRICT;
  CREATE TABLE marks (n INTEGER PRIMARY KEY, task_id TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL, at REAL NOT NULL) STRICT;
`, `
  CREATE TABLE deliveries (key TEXT PRIMARY KEY, digest TEXT NOT NULL, task_id TEXT, seq INTEGER, expires_at REAL NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX deliveries_by_expiry ON deliveries (expires_at);
  CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    step TEXT NOT NULL,
    reason TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    signed_task_id TEXT,
    body TEXT NOT NULL
  ) STRICT;
`, `
  ALTER TABLE quarantine ADD COLUMN digest TEXT;
  ALTER TABLE quarantine ADD COLUMN delivery TEXT;
`]
const SCHEMA_VERSION = MIGRATIONS.length

/** A row of the table `events`, in part. */
export interface EventRow {
  readonly seq: number
  readonly event: EventName
  readonly data: string
}

/**
 * Opens the database for writing, and makes it when there is none: its directory (not the one above), its tables, its epoch.
 *
 * @throws {RelayError} `STORE_UNAVAILABLE`, naming the path
 */
export function openForWriting (path: string): DatabaseSync {
  return guard(path, () => {
    makeDirectory(dirname(path))
    const db = new DatabaseSync(path, { timeout: BUSY_MS })
    try {
      db.exec(PRAGMAS)
      transaction(db, () => { migrate(db) })
      return db
    } catch (error) {
      db.close()
      throw error
    }
  })
}

/**
 * Opens the database for reading beside its writer.
 *
 * @throws {RelayError} `STORE_UNAVAILABLE`, naming the path
 */
export function openForReading (path: string): DatabaseSync {
  return guard(path, () => new DatabaseSync(path, { readOnly: true }))
}

/** Runs `work` in one transaction that is durable when this returns; when it throws, nothing was written. */
export function transaction<T> (db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** Runs `work` and turns what SQLite or the file system throw into a `STORE_UNAVAILABLE` that names the path. */
export function guard<T> (path: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof RelayError) throw cause
    throw new RelayError('STORE_UNAVAILABLE', `Cannot use the store ${path}: ${(cause as Error).message}`, { cause })
  }
}

/**
 * Refuses another file than the one that was opened: writes to a file that was removed succeed, and are lost.
 *
 * @param inode - of the file that was opened
 * @throws {Error} when the file is gone, or another one
 */
export function requireSameFile (path: string, inode: number): void {
  if (statSync(path, { throwIfNoEntry: false })?.ino !== inode) throw new Error('its file was removed or replaced while it was in use, expected it back or a restart')
}

/**
 * A number that changes when another connection has committed, and never with the commits of this one.
 *
 * @see https://www.sqlite.org/pragma.html#pragma_data_version
 */
export function dataVersion (db: DatabaseSync): number {
  return (db.prepare('PRAGMA data_version').get() as { data_version: number }).data_version
}

function makeDirectory (path: string): void {
  try {
    // Not recursive: a wrong path shall fail, not grow a tree.
    mkdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function migrate (db: DatabaseSync): void {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
  if (version > SCHEMA_VERSION) throw new Error(`its schema is version ${version}, made by a newer Phrase Relay, expected ${SCHEMA_VERSION}`)
  for (const sql of MIGRATIONS.slice(version)) db.exec(sql)
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
  db.prepare("INSERT OR IGNORE INTO meta VALUES ('epoch', ?)").run(randomBytes(4).toString('hex'))
}
