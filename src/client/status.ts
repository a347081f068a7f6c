import type { Connection } from './options.ts'
import type { Watch } from './watch.ts'

/** Changes the status of a watch that goes on, and reports the change. */
export function setStatus (watch: Watch, connection: Connection, failure?: Error): void {
  if (connection === 'reconnecting' && globalThis.navigator?.onLine === false) connection = 'offline'
  const { status } = watch
  if (watch.stopped || (connection === status.connection && failure === status.failure)) return
  watch.status = { connection, failure }
  watch.onStatus?.(watch.status)
}
