import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { EventsQuerySchema, FramesSchema, TaskListQuerySchema } from '../../../schemas/event.ts'
import { ProblemSchema } from '../../../schemas/problem.ts'
import { TaskParamsSchema } from '../../../schemas/task.ts'
import { RelayError } from '../../errors.ts'
import type { Hub } from '../../hub/hub.ts'
import type { CheckTickets } from '../../ticket.ts'
import { tooManyStreams, type StreamLimits } from '../guards/stream-limits.ts'
import { readTickets, type TicketRequest } from '../guards/ticket.ts'
import { acceptsStream, namesStream } from '../streams/accept.ts'
import { streamHeaders } from '../streams/connection.ts'
import type { StreamContext } from '../streams/event-stream.ts'
import { normalizeQuery } from '../streams/query.ts'
import { jitter } from '../streams/retry.ts'
import { createOpeners, type Opening } from './open-stream.ts'
import { readTaskList } from './task-list.ts'

const FULL_RETRY_MS = 30_000
// A restart takes seconds. Meanwhile a proxy may answer with an error status, after which a browser never reconnects.
// A phrase lives three minutes.
const DRAINING_RETRY_MS = 10_000

/** Options of the `events` route. */
export interface EventsOptions extends Omit<StreamContext, 'log'> {
  readonly hub: Hub
  readonly limits: StreamLimits
  readonly checkTickets: CheckTickets
}

const response = { 200: FramesSchema, 204: Type.Null(), '4xx': ProblemSchema, '5xx': ProblemSchema }
const schema = { params: TaskParamsSchema, querystring: EventsQuerySchema, response }
const listSchema = { querystring: TaskListQuerySchema, response }

/**
 * `GET /events/:taskId`, and `GET /events?task=` for several tasks: the stored events after the client's cursor, then
 * live events, as Server-Sent Events.
 */
export const events: FastifyPluginAsyncTypebox<EventsOptions> = async (app, options) => {
  const { hub, streams, limits, checkTickets, metrics, retryMs, bufferBytes } = options
  const { openTask, openTaskList } = createOpeners(hub, { streams, metrics, log: app.log, retryMs, bufferBytes })

  async function answerHead (request: TicketRequest, reply: FastifyReply, taskIds: string[]): Promise<FastifyReply> {
    await checkTickets(readTickets(request), taskIds)
    return reply.headers(streamHeaders(reply)).send('')
  }

  async function answer (
    request: TicketRequest, reply: FastifyReply, { taskIds, open }: { taskIds: string[], open: () => Promise<Opening> }
  ): Promise<FastifyReply> {
    const expiresAt = await checkTickets(readTickets(request), taskIds)
    if (!acceptsStream(request.headers.accept)) throw notAcceptable()
    if (!limits.acquire(request, reply, taskIds)) return refuse(request, reply, tooManyStreams(), FULL_RETRY_MS)
    const { feed, isDone, start } = await open()
    let isOpen = false
    try {
      if (request.raw.socket.destroyed || reply.sent) return reply.hijack()
      // Checked after the last await: the drain would not end a stream that is added later.
      if (streams.draining) {
        if (namesStream(request.headers.accept)) metrics.readRefused('DRAINING')
        return refuse(request, reply, draining(), DRAINING_RETRY_MS)
      }
      if (isDone) return reply.code(204).send(null)
      start(reply, expiresAt)
      isOpen = true
      return reply
    } finally {
      if (!isOpen) feed.stop()
    }
  }

  app.addHook('preValidation', normalizeQuery)

  app.head('/events/:taskId', { schema }, async (request, reply) => {
    return answerHead(request, reply, [request.params.taskId])
  })

  app.get('/events/:taskId', { schema, exposeHeadRoute: false }, async (request, reply) => {
    return answer(request, reply, { taskIds: [request.params.taskId], open: () => openTask(request) })
  })

  app.head('/events', { schema: listSchema }, async (request, reply) => {
    return answerHead(request, reply, readTaskList(request.query.task).map(({ taskId }) => taskId))
  })

  app.get('/events', { schema: listSchema, exposeHeadRoute: false }, async (request, reply) => {
    const tasks = readTaskList(request.query.task)
    const taskIds = tasks.map(({ taskId }) => taskId)
    return answer(request, reply, { taskIds, open: () => openTaskList(request, tasks) })
  })
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
