import type { RedisConnections } from '../redis/connections.ts'
import type { EventBus } from './bus.ts'

/**
 * Creates the bus of a Redis or Valkey. `close()` ends the subscriptions, and closes the connection for news.
 *
 * A node with a Redis store needs a longer `resyncMs` of its hub, such as {@link RESYNC_MS}.
 */
export function redisBus (_connections: RedisConnections): EventBus {
  throw new Error('not written yet')
}

/** Interval at which a hub asks a Redis store for events that the bus did not report, in milliseconds. */
export const RESYNC_MS = 20_000
