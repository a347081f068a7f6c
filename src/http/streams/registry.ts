import { setTimeout as sleep } from 'node:timers/promises'
import { jitter } from './retry.ts'
import type { Stream } from './stream.ts'

const SLOTS = 16
const EXPIRY_CHECK_MS = 1000
const CUT_MS = 1000

/** What is kept alive and ended: a stream, or a request that waits. */
export type Open = Pick<Stream, 'keepAlive' | 'end' | 'destroy'>

/** All open streams of one relay: kept alive by one timer, ended together. */
export interface Streams {
  /** true once `drain()` was called: no stream may be added. */
  readonly draining: boolean
  /** @param expiresAt - when its ticket expires, in milliseconds since 1970; it is ended within a second after */
  add (stream: Open, expiresAt: number): void
  delete (stream: Open): void
  /** Ends every stream, spread over `overMs` milliseconds; 0 ends them at once. What is open a second after that is cut. */
  drain (overMs: number): Promise<void>
}

/**
 * Makes an empty registry.
 *
 * Streams are dealt to sixteen slots, and a sixteenth of the time passes between slots: each is kept alive in time, and
 * they are never touched all at once.
 *
 * @param keepAliveMs - longest silence on a stream, in milliseconds; 0 sends no comments
 * @param retryMs - what clients are told to wait before they reconnect after `drain()`, before jitter
 */
export function createStreams (keepAliveMs: number, retryMs: number): Streams {
  const slots = Array.from({ length: SLOTS }, () => new Set<Open>())
  const slotOf = new Map<Open, Set<Open>>()
  const timer = keepAliveMs > 0 ? setInterval(sweep, keepAliveMs / SLOTS).unref() : undefined
  const expiring = new Map<Open, number>()
  const expiryTimer = setInterval(expire, EXPIRY_CHECK_MS).unref()
  let turn = 0
  let next = 0
  let draining = false

  function sweep (): void {
    turn = (turn + 1) % SLOTS
    for (const stream of slots[turn] as Set<Open>) stream.keepAlive()
  }

  // A look at all of them is cheaper than a timer for each, and knows no longest delay.
  function expire (): void {
    const now = Date.now()
    for (const [stream, expiresAt] of expiring) if (expiresAt <= now) stream.end('ticket-expired')
  }

  // Whoever takes nothing would hold up the end of the server.
  function destroyAll (): void {
    for (const stream of slotOf.keys()) stream.destroy()
  }

  return {
    get draining () { return draining },

    add (stream, expiresAt) {
      const slot = slots[next] as Set<Open>
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
        for (const stream of slot) stream.end('drain', jitter(retryMs))
        await sleep(overMs / SLOTS)
      }
      setTimeout(destroyAll, CUT_MS).unref()
    }
  }
}
