import type { Watch } from './watch.ts'

/**
 * Connection of a watch to the relay:
 *
 * - `connecting`: the first attempt is under way
 * - `live`: a stream is open
 * - `polling`: JSON requests get through
 * - `reconnecting`: the last connection has ended, and the client tries again
 * - `offline`: the same, and the browser reports that it has no network
 * - `refused`: the server refuses the watch for good
 */
export type Connection = 'connecting' | 'live' | 'polling' | 'reconnecting' | 'offline' | 'refused'

/** Status of a watch. */
export interface WatchStatus {
  /** Connection to the relay. After the watch has ended, the last one. */
  readonly connection: Connection
  /** Error of the last attempt that failed since the watch was `live`. Its message says why, in words. */
  readonly failure: Error | undefined
}

/** Changes the status of a watch, and reports the change. */
export function setStatus (watch: Watch, connection: Connection, failure?: Error): void {
  if (connection === 'reconnecting' && globalThis.navigator?.onLine === false) connection = 'offline'
  const { status } = watch
  if (connection === status.connection && failure === status.failure) return
  watch.status = { connection, failure }
  watch.onStatus?.(watch.status)
}
