import type { FastifyBaseLogger, FastifyReply } from 'fastify'
import type { ClosingReason } from '../../../schemas/event.ts'
import type { Frame } from './frames.ts'
import type { Streams } from './registry.ts'
import { jitter } from './retry.ts'
import { Stream } from './stream.ts'

// Short, but spread: a history is lost for many streams at once.
const LOST_RETRY_MS = 500

/** Counters of streams. */
export interface StreamMetrics {
  opened (): void
  ended (): void
  /** A stream was ended because its reader did not keep up. */
  slow (): void
  /** A request got no stream, without an error. */
  readRefused (reason: string): void
}

/** Parts and settings that all streams of a relay share. */
export interface StreamContext {
  readonly streams: Streams
  readonly metrics: StreamMetrics
  readonly log: FastifyBaseLogger
  /** Reconnection time for clients, in milliseconds, before jitter. */
  readonly retryMs: number
  /** Max bytes buffered for a slow reader. */
  readonly bufferBytes: number
}

/** Source of a stream's events, which it passes to `deliver()`. */
export interface EventFeed {
  /** Starts delivery, and continues it after `deliver()` returned false. */
  resume (): void
  /** Stops delivery at once. */
  stop (): void
}

/** Joins the feeds of a stream to one. */
export function joinFeeds (feeds: readonly EventFeed[]): EventFeed {
  return {
    resume () { for (const feed of feeds) feed.resume() },
    stop () { for (const feed of feeds) feed.stop() }
  }
}

/** Reason why a stream's position in a task does not exist any more. */
export type LossReason = Extract<ClosingReason, 'history-lost' | 'erased'>

/** How a stream starts and ends. */
export interface StreamSource {
  readonly feed: EventFeed
  /** Time at which the client's ticket expires, in milliseconds since 1970; `Infinity` for never. */
  readonly expiresAt: number
}

/** Base class of an open stream of events: it starts and stops the feed, counts and logs. */
export abstract class EventStream extends Stream {
  readonly #context: StreamContext
  readonly #startedAt = performance.now()
  #feed!: EventFeed
  #sent = 0

  constructor (context: StreamContext) {
    super(context.bufferBytes)
    this.#context = context
  }

  /** Returns the fields that name the stream's tasks in the log. */
  protected abstract describe (): object

  /** Answers a request with the stream and starts delivery. */
  protected begin (reply: FastifyReply, first: string, { feed, expiresAt }: StreamSource): void {
    const { streams, metrics } = this.#context
    this.#feed = feed
    this.open(reply, first)
    streams.add(this, expiresAt)
    metrics.opened()
    feed.resume()
  }

  /** Reconnection time for the client, in milliseconds. */
  protected get retryMs (): number {
    return jitter(this.#context.retryMs)
  }

  /** Sends the frame of an event. Returns false if the reader is behind. */
  protected sendEvent (frame: Frame): boolean {
    const isSent = this.send(frame)
    if (isSent) this.#sent++
    return isSent
  }

  /** Ends the stream: a position does not exist any more. The client comes back soon, and learns of the gap. */
  protected lose (reason: LossReason, taskId?: string): void {
    this.end(reason, { retryMs: jitter(LOST_RETRY_MS), taskId })
  }

  protected onDrain (): void {
    this.#feed.resume()
  }

  protected onEnd (reason: ClosingReason | 'left'): void {
    const { streams, metrics, log } = this.#context
    this.#feed.stop()
    streams.delete(this)
    metrics.ended()
    if (reason === 'slow') metrics.slow()
    const ms = Math.round(performance.now() - this.#startedAt)
    log.info({ ...this.describe(), events: this.#sent, ms, reason }, 'stream ended')
  }
}
