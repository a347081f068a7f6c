import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Replay } from '../../../schemas/event.ts'
import { isOutcome } from '../../event.ts'
import type { Position } from '../../hub/cursor.ts'
import { followAll } from '../../hub/follow-all.ts'
import type { Hub } from '../../hub/hub.ts'
import { describeState } from '../../hub/task-state.ts'
import { parseCursor } from '../streams/composite-cursor.ts'
import { joinFeeds, type EventFeed, type StreamContext } from '../streams/event-stream.ts'
import { readCursor } from '../streams/query.ts'
import { TaskListStream } from '../streams/task-list-stream.ts'
import { TaskStream, type TaskStart } from '../streams/task-stream.ts'
import type { ListedTask } from './task-list.ts'

// No event id, so that it is a gap for every task.
const UNKNOWN_CURSOR = '?'

interface StreamQuery { replay?: Replay, until?: 'done' }
type StreamRequest = FastifyRequest<{ Querystring: StreamQuery }>
type TaskRequest = FastifyRequest<{ Params: { taskId: string }, Querystring: StreamQuery }>

/** Stream that is ready to start. Its feed has to be stopped if it does not. */
export interface Opening {
  readonly feed: EventFeed
  /** Whether the client has all that it waits for. */
  readonly isDone: boolean
  /** @param expiresAt - expiry of the client's ticket, in milliseconds since 1970; `Infinity` for never */
  start (reply: FastifyReply, expiresAt: number): void
}

/** Prepares streams. */
export interface Openers {
  /** @throws {RelayError} `STORE_UNAVAILABLE` when the past of the task cannot be read */
  openTask (request: TaskRequest): Promise<Opening>
  /** @throws {RelayError} `STORE_UNAVAILABLE` when the past of a task cannot be read */
  openTaskList (request: StreamRequest, tasks: readonly ListedTask[]): Promise<Opening>
}

/** Creates the openers of streams of a hub's events. */
export function createOpeners (hub: Hub, context: StreamContext): Openers {
  return {
    async openTask (request) {
      const { params: { taskId }, query: { replay, until } } = request
      const cursor = readCursor(request)
      const stream = new TaskStream(context, taskId, until === 'done')
      const { follower: feed, position } = await hub.follow(taskId, { cursor, replay }, stream)
      return {
        feed,
        isDone: until === 'done' && hasOutcome(cursor, position),
        start (reply, expiresAt) { stream.start(reply, toStart(taskId, position), { feed, expiresAt }) }
      }
    },

    async openTaskList (request, tasks) {
      const { replay, until } = request.query
      const stream = new TaskListStream(context, tasks.map(({ taskId }) => taskId), until === 'done')
      const cursors = readCursors(request, stream.digest, tasks)
      const followed = await followAll(hub, tasks.map(({ taskId }, index) => {
        return { taskId, from: { cursor: cursors[index], replay }, receiver: stream.receiverOf(index) }
      }))
      const feed = joinFeeds(followed.map(({ follower }) => follower))
      const starts = followed.map(({ position }, index) => {
        const { taskId } = tasks[index] as ListedTask
        return { ...toStart(taskId, position), isDone: hasOutcome(cursors[index], position) }
      })
      return {
        feed,
        isDone: until === 'done' && starts.every(({ isDone }) => isDone),
        start (reply, expiresAt) { stream.start(reply, starts, { feed, expiresAt }) }
      }
    }
  }
}

/** Returns the cursor of each task: from the cursor of the request, else from the query, next to the task. */
function readCursors (
  request: FastifyRequest, digest: string, tasks: readonly ListedTask[]
): ReadonlyArray<string | undefined> {
  const cursor = readCursor(request)
  if (!cursor) return tasks.map(({ cursor }) => cursor)
  return parseCursor(cursor, digest, tasks.length) ?? tasks.map(() => UNKNOWN_CURSOR)
}

/** Whether a client with a cursor has the newest event, and that is an outcome of all that was submitted. */
function hasOutcome (cursor: string | undefined, { after, extent }: Position): boolean {
  const { last, newest, expected } = extent
  return Boolean(cursor) && newest !== undefined && !expected && after === last && isOutcome(newest.event)
}

function toStart (taskId: string, { after, cursor, gap, extent }: Position): TaskStart {
  const { first, last, newest, expected } = extent
  return {
    subscribed: {
      taskId,
      ...describeState(extent),
      lastEventId: newest?.id ?? null,
      gap,
      replayed: last - Math.max(after, first - 1)
    },
    cursor,
    // While an outcome is expected, no stored one is it.
    newestSeq: expected ? last + 1 : last
  }
}
