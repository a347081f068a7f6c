import { existsSync } from 'node:fs'
import type { Config } from '../../schemas/config.ts'
import { memoryStore } from './memory/store.ts'
import { copyDatabase } from './sqlite/backup.ts'
import { sqliteStore } from './sqlite/store.ts'
import type { EventStore, StoreOptions } from './store.ts'

const SQLITE = 'sqlite:'

/**
 * Opens the store that `STORE_URL` names.
 *
 * @param committed - called with the number of events in each commit
 * @throws {RelayError} `STORE_UNAVAILABLE` when the store cannot be opened
 */
export async function openStore (
  { STORE_URL, DEDUPE_WINDOW_MS }: Config, committed?: StoreOptions['committed']
): Promise<EventStore> {
  const options = { dedupeWindowMs: DEDUPE_WINDOW_MS, committed }
  return STORE_URL === 'memory:' ? memoryStore(options) : sqliteStore(STORE_URL.slice(SQLITE.length), options)
}

/**
 * Returns the file of the store that `STORE_URL` names.
 *
 * @throws {RangeError} when the store has no file
 */
export function storeFile ({ STORE_URL }: Pick<Config, 'STORE_URL'>): string {
  const path = STORE_URL.slice(SQLITE.length)
  if (STORE_URL.startsWith(SQLITE) && existsSync(path)) return path
  const url = STORE_URL.startsWith('redis') ? 'a Redis' : JSON.stringify(STORE_URL)
  const fact = `STORE_URL is ${url}, which is no file, expected the server's`
  throw new RangeError(`Cannot open the store: ${fact}`)
}

/**
 * Copies the store that `STORE_URL` names into a new file, also while a server runs on it.
 *
 * @throws {RangeError} when the store has no file, or the new file exists or cannot be created
 * @throws {RelayError} `STORE_UNAVAILABLE` when the store cannot be copied
 */
export function backUpStore (config: Pick<Config, 'STORE_URL'>, file: string): void {
  copyDatabase(storeFile(config), file)
}
