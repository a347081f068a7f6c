import type { RedisConnections } from '../../redis/connections.ts'
import type { EventStore, StoreOptions } from '../store.ts'

/** Options of a Redis store. */
export interface RedisStoreOptions extends Omit<StoreOptions, 'now'> {
  /** For tests. Default: the clock of Redis. */
  readonly now?: (() => number) | undefined
  /** Replicas that must have an event before an append resolves. Default 0. */
  readonly waitReplicas?: number | undefined
  /** Whether an event must be on the disk of the primary and of those replicas, too. Default false. */
  readonly waitFsync?: boolean | undefined
}

/**
 * Opens the store in a Redis or Valkey. Its appends publish on the bus: `publishes` is true.
 *
 * `close()` closes the connections.
 *
 * @throws {RelayError} `STORE_UNAVAILABLE` when no primary is found in time
 */
export async function redisStore (
  _connections: RedisConnections, _options: RedisStoreOptions = {}
): Promise<EventStore> {
  throw new Error('not written yet')
}
