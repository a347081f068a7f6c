import { createEventBuffer, type EventBuffer } from 'better-sse'
import type { ClosingReason, Subscribed, TaskEvent } from '../../schemas/event.ts'

// Names come from a closed list, ids and retries are ours, data is one line of JSON: there is nothing to escape.
const RAW = { serializer: (text: unknown) => text as string, sanitizer: (text: string) => text }

/** A comment, which breaks the silence and which clients pass over. */
export const KEEP_ALIVE = createEventBuffer(RAW).comment().dispatch()

// News goes to all streams of a task in a row: the last frame is the one that is wanted again.
let last: { event: TaskEvent, frame: EventBuffer } | undefined

/** The frame of a kept event, formatted once for all streams. */
export function eventFrame (event: TaskEvent): EventBuffer {
  if (last?.event !== event) last = { event, frame: createEventBuffer(RAW).push(event.data, event.event, event.id) }
  return last.frame
}

/** The first frame of a stream: its id is the cursor that the stream starts from. */
export function subscribedFrame (subscribed: Subscribed, cursor: string, retryMs: number): EventBuffer {
  return createEventBuffer(RAW).retry(retryMs).push(JSON.stringify(subscribed), 'subscribed', cursor)
}

/** The last frame of a stream that the server ends. It has no id, so the client's cursor stays. */
export function closingFrame (reason: ClosingReason, retryMs?: number): EventBuffer {
  const frame = createEventBuffer(RAW)
  if (retryMs !== undefined) frame.retry(retryMs)
  return frame.event('closing').data(JSON.stringify({ reason })).dispatch()
}

/**
 * A reconnection time with up to half as much again added at random, so that clients that were cut together do not
 * come back together.
 *
 * @param retryMs - milliseconds
 */
export function jitter (retryMs: number): number {
  return Math.round(retryMs * (1 + Math.random() / 2))
}
