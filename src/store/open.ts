import type { Config } from '../../schemas/config.ts'
import { memoryStore } from './memory/store.ts'
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
