import { Type, type FastifyPluginAsyncTypebox, type Static } from '@fastify/type-provider-typebox'
import type { EventData, RelayEvent } from '../../../schemas/event.ts'
import { ProblemSchema } from '../../../schemas/problem.ts'
import { TaskParamsSchema, TaskQuerySchema, TaskSchema } from '../../../schemas/task.ts'
import { RelayError } from '../../errors.ts'
import type { History, Hub } from '../../hub/hub.ts'
import type { CheckTicket } from '../../ticket.ts'
import { tooManyStreams, type StreamLimits } from '../guards/stream-limits.ts'
import type { Streams } from '../streams/registry.ts'
import { readTicket } from '../guards/ticket.ts'
import { type TaskEvent, taskState } from '../../event.ts'

export interface TasksOptions {
  readonly hub: Hub
  readonly streams: Streams
  readonly limits: StreamLimits
  readonly checkTicket: CheckTicket
}

/** `GET /tasks/:taskId`: what is kept of a task as JSON, at once or as soon as there is something new. */
export const tasks: FastifyPluginAsyncTypebox<TasksOptions> = async (app, { hub, streams, limits, checkTicket }) => {
  const response = { 200: TaskSchema, 204: Type.Null(), '4xx': ProblemSchema, '5xx': ProblemSchema }

  async function waitForEvent (taskId: string, cursor: string | undefined, ms: number, expiresAt: number, left: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { follower } = await hub.follow(taskId, { cursor, replay: 'all' }, {
      deliver () {
        resolve()
        return false
      }
    })
    const end = () => { resolve() }
    const waiter = { keepAlive: () => {}, end, destroy: end }
    const timer = setTimeout(resolve, ms)
    streams.add(waiter, expiresAt)
    left.addEventListener('abort', end)
    // What happened during the handshake is told by nobody.
    if (left.aborted || streams.draining) end()
    follower.resume()
    await promise
    clearTimeout(timer)
    streams.delete(waiter)
    follower.stop()
  }

  app.get('/tasks/:taskId', { schema: { params: TaskParamsSchema, querystring: TaskQuerySchema, response } }, async (request, reply) => {
    const { params: { taskId }, query: { after, wait = 0 } } = request
    const expiresAt = await checkTicket(readTicket(request), taskId)
    if (wait > 0) {
      if (!limits.acquire(request, reply, taskId)) throw tooManyStreams()
      await waitForEvent(taskId, after, wait * 1000, expiresAt, request.signal)
    }
    const history = await hub.history(taskId, after)
    reply.header('cache-control', 'no-store')
    if (wait > 0 && history.events.length === 0) return reply.code(204).send(null)
    return toTask(taskId, history)
  })
}

function toTask (taskId: string, { position, events }: History): Static<typeof TaskSchema> {
  const [last, known] = [events.at(-1), position.extent.newest]
  // An event may have come after the position was taken, and a long history is told in parts.
  const newest = last && last.seq >= position.extent.last ? last : known
  if (!newest) throw new RelayError('TASK_UNKNOWN', `Cannot show the task ${taskId}: nothing is kept of it`)
  return {
    taskId,
    state: taskState(newest.event),
    lastEventId: newest.id,
    updatedAt: toJson(newest).data.receivedAt,
    events: events.map(toJson)
  }
}

function toJson ({ id, event, data }: TaskEvent): RelayEvent {
  return { id, event, data: JSON.parse(data) as EventData }
}
