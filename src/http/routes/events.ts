import { Type, type FastifyPluginAsyncTypebox, type Static } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { EventsQuerySchema, FramesSchema, type Subscribed } from '../../../schemas/event.ts'
import { ProblemSchema } from '../../../schemas/problem.ts'
import { TaskParamsSchema } from '../../../schemas/task.ts'
import { RelayError } from '../../errors.ts'
import { isOutcome } from '../../event.ts'
import type { Position } from '../../hub/cursor.ts'
import type { Hub } from '../../hub/hub.ts'
import { describeState } from '../../hub/task-state.ts'
import type { CheckTicket } from '../../ticket.ts'
import { tooManyStreams, type StreamLimits } from '../guards/stream-limits.ts'
import { readTicket } from '../guards/ticket.ts'
import { acceptsStream, namesStream } from '../streams/accept.ts'
import { streamHeaders } from '../streams/connection.ts'
import { normalizeQuery, readCursor } from '../streams/query.ts'
import { jitter } from '../streams/retry.ts'
import { TaskStream, type StreamContext } from '../streams/task-stream.ts'

const FULL_RETRY_MS = 30_000
// A restart takes seconds. Meanwhile a proxy may answer with an error status, after which a browser never reconnects.
// A phrase lives three minutes.
const DRAINING_RETRY_MS = 10_000

/** Options of the `events` route. */
export interface EventsOptions extends Omit<StreamContext, 'log'> {
  readonly hub: Hub
  readonly limits: StreamLimits
  readonly checkTicket: CheckTicket
}

type WatchRequest = FastifyRequest<{
  Params: Static<typeof TaskParamsSchema>
  Querystring: Static<typeof EventsQuerySchema>
}>

const schema = {
  params: TaskParamsSchema,
  querystring: EventsQuerySchema,
  response: { 200: FramesSchema, 204: Type.Null(), '4xx': ProblemSchema, '5xx': ProblemSchema }
}

/** `GET /events/:taskId`: the stored events after the client's cursor, then live events, as Server-Sent Events. */
export const events: FastifyPluginAsyncTypebox<EventsOptions> = async (app, options) => {
  const { hub, streams, limits, checkTicket, metrics, retryMs, bufferBytes } = options
  const context = { streams, metrics, log: app.log, retryMs, bufferBytes }

  async function watch (request: WatchRequest, reply: FastifyReply, expiresAt: number): Promise<FastifyReply> {
    const { params: { taskId }, query: { replay, until } } = request
    const cursor = readCursor(request)
    const stream = new TaskStream(context, taskId, until === 'done')
    const { follower: feed, position } = await hub.follow(taskId, { cursor, replay }, stream)
    let isOpen = false
    try {
      if (request.raw.socket.destroyed || reply.sent) return reply.hijack()
      // Checked after the last await: the drain would not end a stream that is added later.
      if (streams.draining) {
        if (namesStream(request.headers.accept)) metrics.readRefused('DRAINING')
        return refuse(request, reply, draining(), DRAINING_RETRY_MS)
      }
      if (until === 'done' && cursor && hasOutcome(position)) return reply.code(204).send(null)
      const subscribed = toSubscribed(taskId, position)
      const { cursor: start, extent } = position
      // While an outcome is expected, no stored one is it.
      const newestSeq = extent.expected ? extent.last + 1 : extent.last
      stream.start(reply, { feed, subscribed, cursor: start, newestSeq, expiresAt })
      isOpen = true
      return reply
    } finally {
      if (!isOpen) feed.stop()
    }
  }

  app.addHook('preValidation', normalizeQuery)

  app.head('/events/:taskId', { schema }, async (request, reply) => {
    await checkTicket(readTicket(request), request.params.taskId)
    return reply.headers(streamHeaders(reply)).send('')
  })

  app.get('/events/:taskId', { schema, exposeHeadRoute: false }, async (request, reply) => {
    const { taskId } = request.params
    const expiresAt = await checkTicket(readTicket(request), taskId)
    if (!acceptsStream(request.headers.accept)) throw notAcceptable()
    if (!limits.acquire(request, reply, taskId)) return refuse(request, reply, tooManyStreams(), FULL_RETRY_MS)
    return watch(request, reply, expiresAt)
  })
}

/** Whether the position is at the newest event, and that is an outcome of all that was submitted. */
function hasOutcome ({ after, extent: { last, newest, expected } }: Position): boolean {
  return newest !== undefined && !expected && after === last && isOutcome(newest.event)
}

function toSubscribed (taskId: string, { after, gap, extent }: Position): Subscribed {
  const { first, last, newest } = extent
  return {
    taskId,
    ...describeState(extent),
    lastEventId: newest?.id ?? null,
    gap,
    replayed: last - Math.max(after, first - 1)
  }
}

function notAcceptable (): RelayError {
  return new RelayError('NOT_ACCEPTABLE', 'Cannot open a stream: Accept excludes text/event-stream')
}

function draining (): RelayError {
  return new RelayError('DRAINING', 'Cannot open a stream: the server is stopping')
}

/**
 * Refuses a stream. `EventSource` never reconnects after an error status, so browsers get an empty stream with a long
 * `retry`; other clients get the problem.
 */
function refuse (request: FastifyRequest, reply: FastifyReply, problem: RelayError, retryMs: number): FastifyReply {
  if (!namesStream(request.headers.accept)) throw problem
  return reply.headers(streamHeaders(reply)).send(`retry:${jitter(retryMs)}\n\n`)
}
