import type { FastifyReply } from 'fastify'
import type { Subscribed } from '../../../schemas/event.ts'
import { isOutcome, type TaskEvent } from '../../event.ts'
import { EventStream, type LossReason, type StreamContext, type StreamSource } from './event-stream.ts'
import { eventFrame, subscribedFrame } from './frames.ts'

/** Start of a task's events in a stream. */
export interface TaskStart {
  /** Data of the task's first frame. */
  readonly subscribed: Subscribed
  /** Event id before the first event. */
  readonly cursor: string
  /** `seq` from which on an outcome is one that no stored event supersedes. */
  readonly newestSeq: number
}

/** Open stream of one task's events. */
export class TaskStream extends EventStream {
  readonly #taskId: string
  readonly #untilDone: boolean
  #newestSeq = 0

  /** @param untilDone - end the stream after an outcome that no stored event supersedes */
  constructor (context: StreamContext, taskId: string, untilDone: boolean) {
    super(context)
    this.#taskId = taskId
    this.#untilDone = untilDone
  }

  /**
   * Answers a request with the stream and starts delivery.
   *
   * @throws {TypeError} if a hook has set an invalid header; the stream is not open then
   */
  start (reply: FastifyReply, { subscribed, cursor, newestSeq }: TaskStart, source: StreamSource): void {
    this.#newestSeq = newestSeq
    this.begin(reply, subscribedFrame(subscribed, cursor, this.retryMs), source)
  }

  /** Sends an event. Returns false if the reader is behind: the feed has to deliver it again after `resume()`. */
  deliver (event: TaskEvent): boolean {
    if (!this.sendEvent(eventFrame(event))) return false
    // A superseded outcome does not end the wait: the task has gone on since.
    if (this.#untilDone && isOutcome(event.event) && event.seq >= this.#newestSeq) this.end('done')
    return true
  }

  onLost (reason: LossReason): void {
    this.lose(reason)
  }

  protected describe (): object {
    return { taskId: this.#taskId }
  }
}
