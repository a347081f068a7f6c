import type { FastifyReply } from 'fastify'
import { isOutcome, type TaskEvent } from '../../event.ts'
import { digestOf, formatCursor } from './composite-cursor.ts'
import { EventStream, type LossReason, type StreamContext, type StreamSource } from './event-stream.ts'
import { listedEventFrame, subscribedFrame } from './frames.ts'
import type { TaskStart } from './task-stream.ts'

/** Start of one task in a stream of several. */
export interface ListedStart extends TaskStart {
  /** Whether the client has the outcome of all that was submitted. */
  readonly isDone: boolean
}

/** Receiver of the events of one task. */
export interface ListedReceiver {
  deliver (event: TaskEvent): boolean
  onLost (reason: LossReason): void
}

/**
 * Open stream of the events of several tasks. The id of its frames is the position of every task, so a client resumes
 * all of them. Each task has a feed of its own: its events keep their order, those of two tasks have none.
 */
export class TaskListStream extends EventStream {
  readonly #taskIds: readonly string[]
  /** Digest of the tasks in the cursors of the stream. */
  readonly digest: string
  readonly #untilDone: boolean
  readonly #pending = new Set<number>()
  #newestSeqs: readonly number[] = []
  #positions: string[] = []

  /** @param untilDone - end the stream when each task has an outcome that no stored event supersedes */
  constructor (context: StreamContext, taskIds: readonly string[], untilDone: boolean) {
    super(context)
    this.#taskIds = taskIds
    this.digest = digestOf(taskIds)
    this.#untilDone = untilDone
  }

  /** Returns the receiver of a task's events. */
  receiverOf (index: number): ListedReceiver {
    return {
      deliver: (event) => this.#deliver(index, event),
      onLost: (reason) => { this.lose(reason, this.#taskIds[index]) }
    }
  }

  /**
   * Answers a request with the stream and starts delivery.
   *
   * @param starts - in the order of the tasks
   * @throws {TypeError} if a hook has set an invalid header; the stream is not open then
   */
  start (reply: FastifyReply, starts: readonly ListedStart[], source: StreamSource): void {
    this.#newestSeqs = starts.map(({ newestSeq }) => newestSeq)
    this.#positions = starts.map(({ cursor }) => cursor)
    for (const [index, { isDone }] of starts.entries()) if (!isDone) this.#pending.add(index)
    const id = formatCursor(this.digest, this.#positions)
    // One id is enough: clients keep it for the frames without one.
    const frames = starts.map(({ subscribed, cursor }, index) => {
      const data = { ...subscribed, eventId: cursor }
      return index === 0 ? subscribedFrame(data, id, this.retryMs) : subscribedFrame(data)
    })
    this.begin(reply, frames.join(''), source)
  }

  #deliver (index: number, event: TaskEvent): boolean {
    const position = this.#positions[index] as string
    this.#positions[index] = event.id
    if (!this.sendEvent(listedEventFrame(event, formatCursor(this.digest, this.#positions)))) {
      this.#positions[index] = position
      return false
    }
    // A later event of a task that was done makes it pending again.
    if (isOutcome(event.event) && event.seq >= (this.#newestSeqs[index] as number)) this.#pending.delete(index)
    else this.#pending.add(index)
    if (this.#untilDone && this.#pending.size === 0) this.end('done')
    return true
  }

  protected describe (): object {
    return { tasks: this.#taskIds.length }
  }
}
