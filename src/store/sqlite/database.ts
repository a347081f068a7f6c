import { closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { RelayError } from '../../errors.ts'
import { migrate, PRAGMAS } from './schema.ts'

// Not imported: on a Node without node:sqlite, a static import fails before the check in runtime.ts runs.
const sqlite = process.getBuiltinModule('node:sqlite')

const BUSY_MS = 2000

/**
 * Opens the database for writing. Creates it if missing: its directory (not the parent of that), tables and epoch. Only
 * its owner may read it: 0700 for the directory, 0600 for the files.
 *
 * @throws {RelayError} `STORE_UNAVAILABLE`, naming the path
 */
export function openForWriting (path: string): DatabaseSync {
  return guard(path, () => {
    // Not recursive: a wrong path must fail, not grow a tree.
    create(() => { mkdirSync(dirname(path), 0o700) })
    // SQLite gives -wal and -shm the mode of this file.
    create(() => { closeSync(openSync(path, 'wx', 0o600)) })
    const db = new sqlite.DatabaseSync(path, { timeout: BUSY_MS })
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
 * Opens the database for reading, next to its writer.
 *
 * @throws {RelayError} `STORE_UNAVAILABLE`, naming the path
 */
export function openForReading (path: string): DatabaseSync {
  return guard(path, () => new sqlite.DatabaseSync(path, { readOnly: true }))
}

/** Prepares a function that runs `work` on one state of the database. */
export function snapshots (db: DatabaseSync): <T>(work: () => T) => T {
  const begin = db.prepare('BEGIN')
  const commit = db.prepare('COMMIT')
  // An error closes the connection, and so ends the transaction.
  return (work) => {
    begin.run()
    const result = work()
    commit.run()
    return result
  }
}

/** Runs `work` in one transaction that is durable when this returns. If `work` throws, nothing is written. */
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

/** Runs `work` and turns errors of SQLite and the file system into a `STORE_UNAVAILABLE` that names the path. */
export function guard<T> (path: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof RelayError) throw cause
    throw new RelayError('STORE_UNAVAILABLE', `Cannot use the store ${path}: ${(cause as Error).message}`, { cause })
  }
}

/** Inodes of the files of an open database; undefined for one that is missing. */
export interface Files {
  readonly main: number | undefined
  readonly wal: number | undefined
  readonly shm: number | undefined
}

/** Returns the inodes of the files of a database now. */
export function filesOf (path: string): Files {
  const inode = (file: string): number | undefined => statSync(file, { throwIfNoEntry: false })?.ino
  return { main: inode(path), wal: inode(`${path}-wal`), shm: inode(`${path}-shm`) }
}

/** Returns the bytes of a database on disk: of its file and its log. */
export function bytesOnDisk (path: string): number {
  const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return sizeOf(path) + sizeOf(`${path}-wal`)
}

/**
 * Requires that the files are still those that were opened: writes to a removed file succeed, and are lost.
 *
 * @throws {Error} when one of them is gone or is another one
 */
export function requireSameFiles (path: string, { main, wal, shm }: Files): void {
  const now = filesOf(path)
  if (now.main === main && now.wal === wal && now.shm === shm) return
  throw new Error('its file was removed or replaced while it was in use, put it back or restart')
}

/**
 * Returns a number that changes when another connection has committed, and never with the commits of this one.
 *
 * @see https://www.sqlite.org/pragma.html#pragma_data_version
 */
export function dataVersion (db: DatabaseSync): number {
  return (db.prepare('PRAGMA data_version').get() as { data_version: number }).data_version
}

/** Runs `make`, unless what it makes exists. */
function create (make: () => void): void {
  try {
    make()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
