import { readFileSync } from 'node:fs'
import type { Server } from 'node:net'

const LIMITS = '/proc/self/limits'
// The store, its thread, the log and the event loop.
const OWN_DESCRIPTORS = 64
// Connections for callbacks, probes and clients that do not stream yet.
const OTHER_CONNECTIONS = 4096
const MINUTE_MS = 60_000

/** Numbers of connections that a process can hold. */
export interface Capacity {
  /** Maximum number of open streams; 0 is no limit. */
  readonly maxStreams: number
  /** Maximum number of connections; 0 is no limit. */
  readonly maxConnections: number
}

/** Returns the number of files and sockets that this process may open; undefined if it is unknown or unlimited. */
export function readDescriptorLimit (path = LIMITS): number | undefined {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync(path, 'utf8')) ?? []
    return soft === undefined ? undefined : Number(soft)
  } catch {
    // Only Linux has the file.
    return undefined
  }
}

/**
 * Fits streams into the descriptor limit. At most a quarter of the descriptors are kept for connections other than
 * streams, so that callbacks arrive while all streams are taken.
 *
 * @param maxStreams - `MAX_STREAMS`; 0 is no limit
 */
export function planCapacity (maxStreams: number, descriptors: number | undefined): Capacity {
  const wanted = maxStreams === 0 ? Infinity : maxStreams + OTHER_CONNECTIONS
  const usable = Math.max(2, (descriptors ?? Infinity) - OWN_DESCRIPTORS)
  if (wanted <= usable) return { maxStreams, maxConnections: wanted === Infinity ? 0 : wanted }
  const reserve = Math.min(OTHER_CONNECTIONS, Math.ceil(usable / 4))
  return { maxStreams: usable - reserve, maxConnections: usable }
}

/** Counts connections that a server refuses because its limit is reached: in a metric, and in one line a minute. */
export function reportRefusedConnections (
  server: Server, count: () => void, log: { warn (details: object, message: string): void }
): void {
  let pending = 0
  let timer: NodeJS.Timeout | undefined

  function report (): void {
    timer = undefined
    if (pending === 0) return
    log.warn({ count: pending }, 'connections refused')
    pending = 0
    timer = setTimeout(report, MINUTE_MS).unref()
  }

  server.on('drop', () => {
    count()
    pending++
    if (!timer) report()
  })
}
