import type { Config } from '../schemas/config.ts'
import type { EventBus } from './bus/bus.ts'
import { localBus } from './bus/local.ts'
import { isRedisUrl, parseRedisUrl } from './redis/address.ts'
import type { RedisObserver } from './redis/connections.ts'
import { openStore, storeFile } from './store/open.ts'
import type { EventStore } from './store/store.ts'

/** The history of a relay: its store, and the bus that carries news of it. */
export interface History {
  readonly store: EventStore
  readonly bus: EventBus
  /** Interval at which a hub asks the store for events that the bus did not report, in milliseconds. */
  readonly resyncMs?: number
}

/** Receivers of what happens to a history. */
export interface HistoryOptions {
  /** Called with the number of events in each commit. */
  readonly committed?: (events: number) => void
  /** Called with what happens to the connections to Redis. */
  readonly observer?: () => RedisObserver
  /** Called with the risks of a server that a relay can use. */
  readonly warn?: (message: string) => void
}

/**
 * Opens the history that `STORE_URL` names. The client of Redis is loaded only for its URLs.
 *
 * @throws {RelayError} `STORE_UNAVAILABLE` when the store cannot be opened, or its server is unsuitable
 */
export async function openHistory (config: Config, options: HistoryOptions = {}): Promise<History> {
  if (isRedisUrl(config.STORE_URL)) return openRedis(config, options)
  return { store: await openStore(config, options.committed), bus: localBus() }
}

/**
 * Opens the history of a server for a command, also while the server runs.
 *
 * @throws {RangeError} when the store is in a file that does not exist, or in memory
 * @throws {RelayError} `STORE_UNAVAILABLE` when the store cannot be opened
 */
export async function openServersHistory (config: Config): Promise<History> {
  // Opening the store would create a missing file.
  if (!isRedisUrl(config.STORE_URL)) storeFile(config)
  return openHistory(config)
}

async function openRedis (config: Config, { committed, observer, warn }: HistoryOptions): Promise<History> {
  const [{ redisConnections }, { requireUsable }, { redisStore }, { redisBus, RESYNC_MS }] = await Promise.all([
    import('./redis/connections.ts'), import('./redis/requirements.ts'), import('./store/redis/store.ts'),
    import('./bus/redis.ts')
  ])
  const connections = redisConnections({
    address: parseRedisUrl(config.STORE_URL),
    prefix: config.REDIS_PREFIX,
    timeoutMs: config.REDIS_TIMEOUT_MS,
    observer: observer?.()
  })
  const waitFsync = config.REDIS_WAIT_FSYNC
  try {
    const warnings = await requireUsable(connections, { waitFsync, allowReusedIds: config.REDIS_ALLOW_REUSED_IDS })
    for (const warning of warnings) warn?.(warning)
    const waitReplicas = config.REDIS_WAIT_REPLICAS
    const dedupeWindowMs = config.DEDUPE_WINDOW_MS
    const store = await redisStore(connections, { dedupeWindowMs, committed, waitReplicas, waitFsync })
    return { store, bus: redisBus(connections), resyncMs: RESYNC_MS }
  } catch (error) {
    connections.close()
    throw error
  }
}
