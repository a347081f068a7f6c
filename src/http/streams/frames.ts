import { createEventBuffer } from 'better-sse'
import type { ClosingReason, Subscribed } from '../../../schemas/event.ts'
import type { TaskEvent } from '../../event.ts'

/** Block of a stream: ASCII text, or bytes. Its length is in bytes either way. */
export type Frame = string | Buffer

// A line break in a field would forge another field, and a NUL would make clients ignore the id. The default sanitizer
// of better-sse keeps line breaks within a field. This one costs 0.15 µs per frame.
const FIELD_BREAKS = /[\r\n\0]+/g

// Data is one line of JSON: it is formatted once, when the callback arrives.
const buffer = createEventBuffer({
  serializer: (text) => text as string,
  sanitizer: (text) => text.replace(FIELD_BREAKS, ' ')
})

/** Comment that fills the silence. Clients ignore it. */
export const KEEP_ALIVE: Frame = Buffer.from(flush(buffer.comment().dispatch()))

let last: { readonly event: TaskEvent, frame: Frame } | undefined

/**
 * Returns the frame of an event. The last frame is cached: an event that goes to many streams is formatted once and
 * encoded once, which brings the fan-out from 20 to 8.4 µs per stream.
 */
export function eventFrame (event: TaskEvent): Frame {
  if (last?.event === event) {
    if (typeof last.frame === 'string') last.frame = Buffer.from(last.frame)
    return last.frame
  }
  const text = flush(buffer.push(event.data, event.event, event.id))
  const frame = Buffer.byteLength(text) === text.length ? text : Buffer.from(text)
  last = { event, frame }
  return frame
}

/**
 * Returns the frame of an event in a stream of several tasks. Its data also has the event id, as `eventId`.
 *
 * @param cursor - position of every task after the event
 */
export function listedEventFrame ({ event, id, data }: TaskEvent, cursor: string): Frame {
  // At the end, so that it counts in place of a field of the sender. Data is never empty.
  const text = flush(buffer.push(`${data.slice(0, -1)},"eventId":"${id}"}`, event, cursor))
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text)
}

/**
 * Returns the first frame of a task.
 *
 * @param cursor - id of the first frame of a stream: the position at which the stream starts
 * @param retryMs - reconnection time in the first frame of a stream, in milliseconds
 */
export function subscribedFrame (subscribed: Subscribed, cursor?: string, retryMs?: number): string {
  if (retryMs !== undefined) buffer.retry(retryMs)
  buffer.event('subscribed')
  if (cursor !== undefined) buffer.id(cursor)
  return flush(buffer.data(JSON.stringify(subscribed)).dispatch())
}

/** Details of a `closing` frame. */
export interface ClosingDetails {
  /** Reconnection time for the client, in milliseconds. */
  readonly retryMs?: number | undefined
  /** The one of several tasks that is the reason. */
  readonly taskId?: string | undefined
}

/** Returns the last frame of a stream that the server ends. It has no id, so the client keeps its cursor. */
export function closingFrame (reason: ClosingReason, { retryMs, taskId }: ClosingDetails = {}): string {
  if (retryMs !== undefined) buffer.retry(retryMs)
  return flush(buffer.event('closing').data(JSON.stringify({ reason, taskId })).dispatch())
}

function flush ({ read, clear }: typeof buffer): string {
  const text = read()
  clear()
  return text
}
