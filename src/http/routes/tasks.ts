import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { ProblemSchema } from '../../../schemas/problem.ts'
import { TaskParamsSchema, TaskQuerySchema, TaskSchema } from '../../../schemas/task.ts'
import { RelayError } from '../../errors.ts'
import { taskState } from '../../event.ts'
import type { History, Hub } from '../../hub/hub.ts'
import { describeState } from '../../hub/task-state.ts'
import type { CheckTickets } from '../../ticket.ts'
import { tooManyStreams, type StreamLimits } from '../guards/stream-limits.ts'
import { readTickets } from '../guards/ticket.ts'
import { normalizeQuery } from '../streams/query.ts'
import type { Streams } from '../streams/registry.ts'

/** Options of the `tasks` route. */
export interface TasksOptions {
  readonly hub: Hub
  readonly streams: Streams
  readonly limits: StreamLimits
  readonly checkTickets: CheckTickets
}

/** Request that waits for an event. */
interface Wait {
  readonly taskId: string
  readonly cursor: string | undefined
  readonly ms: number
  /** Time at which the client's ticket expires, in milliseconds since 1970. */
  readonly expiresAt: number
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal
}

const schema = {
  params: TaskParamsSchema,
  querystring: TaskQuerySchema,
  response: { 200: TaskSchema, 204: Type.Null(), '4xx': ProblemSchema, '5xx': ProblemSchema }
}

/** `GET /tasks/:taskId`: the stored events of a task as JSON, at once or as soon as there is a new one. */
export const tasks: FastifyPluginAsyncTypebox<TasksOptions> = async (app, { hub, streams, limits, checkTickets }) => {
  /** Resolves when an event arrives, the time is over, the client disconnects or the server stops. */
  async function waitForEvent ({ taskId, cursor, ms, expiresAt, signal }: Wait): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    function end (): void { resolve() }
    function deliver (): boolean {
      resolve()
      return false
    }
    const { follower } = await hub.follow(taskId, { cursor, replay: 'all' }, { deliver, onLost: end })
    const waiter = { keepAlive () {}, end, destroy: end }
    const timer = setTimeout(end, ms)
    streams.add(waiter, expiresAt)
    signal.addEventListener('abort', end)
    // Neither is reported if it happened before the listeners were added.
    if (signal.aborted || streams.draining) end()
    follower.resume()
    await promise
    clearTimeout(timer)
    streams.delete(waiter)
    follower.stop()
  }

  app.addHook('preValidation', normalizeQuery)

  app.get('/tasks/:taskId', { schema }, async (request, reply) => {
    const { params: { taskId }, query: { after: cursor, wait = 0 } } = request
    const expiresAt = await checkTickets(readTickets(request), [taskId])
    reply.header('cache-control', 'no-store')
    const history = await hub.history(taskId, cursor)
    if (wait === 0 || history.events.length > 0) return sendTask(reply, taskId, history)
    // Only a request that has to wait counts as a stream.
    if (!limits.acquire(request, reply, [taskId])) throw tooManyStreams()
    await waitForEvent({ taskId, cursor, ms: wait * 1000, expiresAt, signal: request.signal })
    const news = await hub.history(taskId, cursor)
    return news.events.length > 0 ? sendTask(reply, taskId, news) : reply.code(204).send(null)
  })
}

/**
 * Sends a task. The stored data are JSON already: the response is put together from them as text. Parsing and
 * serializing 1,000 events of 60 kB took 567 ms and 460 MB.
 */
function sendTask (reply: FastifyReply, taskId: string, { position, events }: History): FastifyReply {
  const { cursor, extent } = position
  // An event may have been stored after the position was read, and a page may end before the newest event.
  const later = events.findLast(({ seq }) => seq > extent.last)
  const described = later ? { state: taskState(later.event) } : describeState(extent)
  const newest = later ?? extent.newest
  if (described.state === 'unknown') throw absent('TASK_UNKNOWN', `${taskId} is unknown`)
  if (described.state === 'expired') throw absent('TASK_EXPIRED', `${taskId} has expired`)
  const updatedAt = newest ? JSON.parse(newest.data).receivedAt : described.submittedAt
  const head = JSON.stringify({ taskId, ...described, lastEventId: newest?.id ?? cursor, updatedAt })
  const list = events.map(({ id, event, data }) => `{"id":"${id}","event":"${event}","data":${data}}`).join(',')
  return reply.type('application/json; charset=utf-8').send(`${head.slice(0, -1)},"events":[${list}]}`)
}

function absent (code: 'TASK_UNKNOWN' | 'TASK_EXPIRED', fact: string): RelayError {
  return new RelayError(code, `Cannot show the task: ${fact}`)
}
