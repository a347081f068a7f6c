import { Type, type FastifyPluginAsyncTypebox, type Static } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { EventsQuerySchema, FramesSchema, type ClosingReason, type Subscribed } from '../../../schemas/event.ts'
import { ProblemSchema } from '../../../schemas/problem.ts'
import { TaskParamsSchema } from '../../../schemas/task.ts'
import { RelayError } from '../../errors.ts'
import type { Follower, Receiver } from '../../hub/follower.ts'
import type { Followed, Hub } from '../../hub/hub.ts'
import type { Position } from '../../hub/cursor.ts'
import type { CheckTicket } from '../../ticket.ts'
import { streamHeaders } from '../streams/connection.ts'
import { eventFrame, subscribedFrame } from '../streams/frames.ts'
import { jitter } from '../streams/retry.ts'
import type { Metrics } from '../../metrics.ts'
import { tooManyStreams, type StreamLimits } from '../guards/stream-limits.ts'
import { Stream } from '../streams/stream.ts'
import type { Streams } from '../streams/registry.ts'
import { readTicket } from '../guards/ticket.ts'
import { isOutcome, type TaskEvent, taskState } from '../../event.ts'

const FULL_RETRY_MS = 30_000
// A restart takes seconds. A proxy's error while it lasts would stop a browser for good; a phrase lives three minutes.
const DRAINING_RETRY_MS = 10_000

export interface EventsOptions {
  readonly hub: Hub
  readonly streams: Streams
  readonly limits: StreamLimits
  readonly checkTicket: CheckTicket
  readonly metrics: Metrics
  /** Reconnection time that clients are told, before jitter, in milliseconds. */
  readonly retryMs: number
  /** The most that is held for a slow reader, in bytes. */
  readonly bufferBytes: number
}

type WatchRequest = FastifyRequest<{ Params: Static<typeof TaskParamsSchema>, Querystring: Static<typeof EventsQuerySchema> }>

/** `GET /events/:taskId`: what is kept after the client's cursor, then what comes, as Server-Sent Events. */
export const events: FastifyPluginAsyncTypebox<EventsOptions> = async (app, { hub, streams, limits, checkTicket, metrics, retryMs, bufferBytes }) => {
  const schema = { params: TaskParamsSchema, querystring: EventsQuerySchema, response: { 200: FramesSchema, 204: Type.Null(), '4xx': ProblemSchema, '5xx': ProblemSchema } }

  /** All that is kept of a request while its stream is open. */
  class TaskStream extends Stream implements Receiver {
    readonly #taskId: string
    readonly #untilDone: boolean
    readonly #began = performance.now()
    #follower!: Follower
    #newest = 0
    #sent = 0

    constructor (taskId: string, untilDone: boolean) {
      super(bufferBytes)
      this.#taskId = taskId
      this.#untilDone = untilDone
    }

    start (reply: FastifyReply, { follower, position }: Followed): void {
      this.#follower = follower
      this.#newest = position.extent.last
      this.open(reply, subscribedFrame(toSubscribed(this.#taskId, position), position.cursor, jitter(retryMs)))
    }

    deliver (event: TaskEvent): boolean {
      if (!this.send(eventFrame(event))) return false
      this.#sent++
      // An outcome that a newer event has overtaken is history: the wait is not over.
      if (this.#untilDone && isOutcome(event.event) && event.seq >= this.#newest) this.end('done')
      return true
    }

    protected ready (): void {
      this.#follower.resume()
    }

    protected ended (reason: ClosingReason | 'left'): void {
      this.#follower.stop()
      streams.delete(this)
      metrics.ended()
      if (reason === 'slow') metrics.slow()
      app.log.info({ taskId: this.#taskId, events: this.#sent, ms: Math.round(performance.now() - this.#began), reason }, 'stream ended')
    }
  }

  async function watch (request: WatchRequest, reply: FastifyReply, expiresAt: number): Promise<FastifyReply> {
    const { params: { taskId }, query } = request
    const untilDone = query.until === 'done'
    const cursor = readCursor(request, query.lastEventId)
    const stream = new TaskStream(taskId, untilDone)
    const followed = await hub.follow(taskId, { cursor, replay: query.replay }, stream)
    const { follower, position } = followed
    if (request.raw.socket.destroyed || reply.sent) {
      follower.stop()
      return reply.hijack()
    }
    // Asked last: a stream that is added after the drain would never be ended.
    if (streams.draining) {
      follower.stop()
      return refuse(request, reply, new RelayError('DRAINING', 'Cannot open a stream: the server is about to stop'), DRAINING_RETRY_MS)
    }
    if (untilDone && cursor && isOver(position)) {
      follower.stop()
      return reply.code(204).send(null)
    }

    try {
      stream.start(reply, followed)
    } catch (error) {
      follower.stop()
      throw error
    }
    streams.add(stream, expiresAt)
    metrics.opened()
    follower.resume()
    return reply
  }

  app.head('/events/:taskId', { schema }, async (request, reply) => {
    await checkTicket(readTicket(request), request.params.taskId)
    return reply.headers(streamHeaders(reply)).send('')
  })

  app.get('/events/:taskId', { schema, exposeHeadRoute: false }, async (request, reply) => {
    const { taskId } = request.params
    const expiresAt = await checkTicket(readTicket(request), taskId)
    if (!acceptsStream(request)) throw new RelayError('NOT_ACCEPTABLE', 'Cannot answer as asked: this is a stream, expected an Accept that allows text/event-stream')
    if (!limits.acquire(request, reply, taskId)) return refuse(request, reply, tooManyStreams(), FULL_RETRY_MS)
    return watch(request, reply, expiresAt)
  })
}

function acceptsStream ({ headers: { accept } }: FastifyRequest): boolean {
  if (accept === undefined || accept === '*/*' || accept === 'text/event-stream') return true
  return new Negotiator({ headers: { accept } }).mediaType(['text/event-stream']) !== undefined
}

/** The standard's header, else the query, for clients that cannot send it. */
function readCursor ({ headers }: FastifyRequest, fromQuery: string | undefined): string | undefined {
  const header = headers['last-event-id']
  return (typeof header === 'string' && header) || fromQuery
}

/** Whether a client has the newest event already, and that is an outcome. */
function isOver ({ after, extent: { last, newest } }: Position): boolean {
  return newest !== undefined && after === last && isOutcome(newest.event)
}

function toSubscribed (taskId: string, { after, gap, extent: { first, last, newest } }: Position): Subscribed {
  return {
    taskId,
    state: newest ? taskState(newest.event) : 'unknown',
    lastEventId: newest?.id ?? null,
    gap,
    replayed: last - Math.max(after, first - 1)
  }
}

/** Browsers give up for good on any error status: they get an empty stream and a long wait, others the problem. */
function refuse ({ headers: { accept } }: FastifyRequest, reply: FastifyReply, problem: RelayError, retryMs: number): FastifyReply {
  if (!accept?.includes('text/event-stream')) throw problem
  return reply.headers(streamHeaders(reply)).send(`retry:${jitter(retryMs)}\n\n`)
}
