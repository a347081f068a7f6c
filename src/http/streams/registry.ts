import { setTimeout as sleep } from 'node:timers/promises'
import { jitter } from './retry.ts'
import type { Stream } from './stream.ts'

const SLOTS = 16
const EXPIRY_CHECK_MS = 1000
const DESTROY_MS = 1000

/** Member of the registry: an open stream, or a held request. */
export type OpenStream = Pick<Stream, 'keepAlive' | 'end' | 'destroy'>

/** Registry of the open streams of a relay, which keeps them alive and ends them. */
export interface Streams {
  /** true after `drain()` was called: no stream may be added then. */
  readonly draining: boolean
  /** @param expiresAt - expiry of the ticket, in milliseconds since 1970; the stream ends within a second after it */
  add (stream: OpenStream, expiresAt: number): void
  delete (stream: OpenStream): void
  /**
   * Ends every stream, spread over `overMs` milliseconds; 0 ends them at once. Streams that are still open one second
   * later are destroyed.
   */
  drain (overMs: number): Promise<void>
}

/**
 * Creates an empty registry.
 *
 * Streams are spread over 16 slots, and one slot is swept in each sixteenth of the interval: one timer serves all
 * streams, and the work is spread evenly.
 *
 * @param keepAliveMs - max silence on a stream, in milliseconds; 0 sends no comments
 * @param retryMs - reconnection time of clients after `drain()`, in milliseconds, before jitter
 */
export function createStreams (keepAliveMs: number, retryMs: number): Streams {
  const slots = Array.from({ length: SLOTS }, () => new Set<OpenStream>())
  const slotOf = new Map<OpenStream, Set<OpenStream>>()
  const timer = keepAliveMs > 0 ? setInterval(sweep, keepAliveMs / SLOTS).unref() : undefined
  const expiring = new Map<OpenStream, number>()
  const expiryTimer = setInterval(expire, EXPIRY_CHECK_MS).unref()
  let turn = 0
  let next = 0
  let draining = false

  function sweep (): void {
    turn = (turn + 1) % SLOTS
    for (const stream of slots[turn] as Set<OpenStream>) stream.keepAlive()
  }

  // One check of all streams costs less than a timer for each, and has no maximum delay.
  function expire (): void {
    const now = Date.now()
    for (const [stream, expiresAt] of expiring) if (expiresAt <= now) stream.end('ticket-expired')
  }

  // A client that reads nothing would delay the end of the server.
  function destroyAll (): void {
    for (const stream of slotOf.keys()) stream.destroy()
  }

  return {
    get draining () { return draining },

    add (stream, expiresAt) {
      const slot = slots[next] as Set<OpenStream>
      next = (next + 1) % SLOTS
      slot.add(stream)
      slotOf.set(stream, slot)
      if (expiresAt < Infinity) expiring.set(stream, expiresAt)
    },

    delete (stream) {
      slotOf.get(stream)?.delete(stream)
      slotOf.delete(stream)
      expiring.delete(stream)
    },

    async drain (overMs) {
      draining = true
      clearInterval(timer)
      clearInterval(expiryTimer)
      for (const slot of slots) {
        if (slotOf.size === 0) return
        for (const stream of slot) stream.end('drain', { retryMs: jitter(retryMs) })
        await sleep(overMs / SLOTS)
      }
      setTimeout(destroyAll, DESTROY_MS).unref()
    }
  }
}
