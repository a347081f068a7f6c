import type { FastifyBaseLogger, FastifyReply } from 'fastify'
import type { ClosingReason, Subscribed } from '../../../schemas/event.ts'
import { isOutcome, type TaskEvent } from '../../event.ts'
import { eventFrame, subscribedFrame } from './frames.ts'
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

/** Start of a stream: its feed and its first frame. */
export interface StreamStart {
  readonly feed: EventFeed
  /** Data of the first frame. */
  readonly subscribed: Subscribed
  /** Id of the first frame: the event id before the first event of the feed. */
  readonly cursor: string
  /** `seq` of the newest event that is stored at the start; 0 if there is none. */
  readonly newestSeq: number
  /** Time at which the client's ticket expires, in milliseconds since 1970; `Infinity` for never. */
  readonly expiresAt: number
}

/** Open stream of one task's events. */
export class TaskStream extends Stream {
  readonly #context: StreamContext
  readonly #taskId: string
  readonly #untilDone: boolean
  readonly #startedAt = performance.now()
  #feed!: EventFeed
  #newestSeq = 0
  #sent = 0

  /** @param untilDone - end the stream after an outcome that no stored event supersedes */
  constructor (context: StreamContext, taskId: string, untilDone: boolean) {
    super(context.bufferBytes)
    this.#context = context
    this.#taskId = taskId
    this.#untilDone = untilDone
  }

  /**
   * Answers a request with the stream and starts delivery.
   *
   * @throws {TypeError} if a hook has set an invalid header; the stream is not open then
   */
  start (reply: FastifyReply, { feed, subscribed, cursor, newestSeq, expiresAt }: StreamStart): void {
    const { streams, metrics, retryMs } = this.#context
    this.#feed = feed
    this.#newestSeq = newestSeq
    this.open(reply, subscribedFrame(subscribed, cursor, jitter(retryMs)))
    streams.add(this, expiresAt)
    metrics.opened()
    feed.resume()
  }

  /** Sends an event. Returns false if the reader is behind: the feed has to deliver it again after `resume()`. */
  deliver (event: TaskEvent): boolean {
    if (!this.send(eventFrame(event))) return false
    this.#sent++
    // A superseded outcome does not end the wait: the task has gone on since.
    if (this.#untilDone && isOutcome(event.event) && event.seq >= this.#newestSeq) this.end('done')
    return true
  }

  /** Ends the stream: its position does not exist any more. The client comes back soon, and learns of the gap. */
  onLost (reason: 'history-lost' | 'erased'): void {
    this.end(reason, jitter(LOST_RETRY_MS))
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
    log.info({ taskId: this.#taskId, events: this.#sent, ms, reason }, 'stream ended')
  }
}
