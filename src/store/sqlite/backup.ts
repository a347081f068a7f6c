import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { guard, openForReading } from './database.ts'

/**
 * Copies a database into a new file, also while a server writes to it. The copy is on disk when this returns.
 *
 * @throws {RangeError} when the new file exists, or cannot be created
 * @throws {RelayError} `STORE_UNAVAILABLE`, naming the database, when it cannot be copied
 * @see https://www.sqlite.org/lang_vacuum.html#vacuuminto
 */
export function copyDatabase (path: string, file: string): void {
  // Read first: a database that cannot be opened leaves no file.
  const db = openForReading(path)
  try {
    create(file)
    guard(path, () => { copy(() => { db.prepare('VACUUM INTO ?').run(file) }, file) })
  } finally {
    db.close()
  }
}

/** Creates an empty file for its owner only. */
function create (file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (cause) {
    throw new RangeError(`Cannot create the copy: ${(cause as Error).message}`, { cause })
  }
}

/** Fills a file and makes it durable, with its name. Removes it after a failure. */
function copy (fill: () => void, file: string): void {
  try {
    fill()
    sync(file)
    sync(dirname(file))
  } catch (error) {
    rmSync(file)
    throw error
  }
}

function sync (path: string): void {
  const descriptor = openSync(path, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}
