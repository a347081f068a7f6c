import { createEventBuffer } from 'better-sse'
import type { ClosingReason, Subscribed, TaskEvent } from '../../schemas/event.ts'

/** One block of a stream: text, or its bytes when it goes to many. */
export type Frame = string | Buffer

// Names come from a closed list, ids and retries are ours, data is one line of JSON: there is nothing to escape.
const buffer = createEventBuffer({ serializer: (text) => text as string, sanitizer: (text) => text })

/** A comment, which breaks the silence and which clients pass over. */
export const KEEP_ALIVE: Frame = Buffer.from(take(buffer.comment().dispatch()))

let last: { readonly event: TaskEvent, readonly text: string, bytes?: Buffer } | undefined

/** The frame of a kept event: formatted once, and encoded once when it goes to further streams in a row. */
export function eventFrame (event: TaskEvent): Frame {
  if (last?.event === event) {
    last.bytes ??= Buffer.from(last.text)
    return last.bytes
  }
  last = { event, text: take(buffer.push(event.data, event.event, event.id)) }
  return last.text
}

/** The first frame of a stream: its id is the cursor that the stream starts from. */
export function subscribedFrame (subscribed: Subscribed, cursor: string, retryMs: number): string {
  return take(buffer.retry(retryMs).push(JSON.stringify(subscribed), 'subscribed', cursor))
}

/** The last frame of a stream that the server ends. It has no id, so the client's cursor stays. */
export function closingFrame (reason: ClosingReason, retryMs?: number): string {
  if (retryMs !== undefined) buffer.retry(retryMs)
  return take(buffer.event('closing').data(JSON.stringify({ reason })).dispatch())
}

function take ({ read, clear }: typeof buffer): string {
  const text = read()
  clear()
  return text
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
