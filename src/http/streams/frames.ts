import { createEventBuffer } from 'better-sse'
import type { ClosingReason, Subscribed } from '../../../schemas/event.ts'
import type { TaskEvent } from '../../event.ts'

/** One block of a stream: text in ASCII, or bytes. Either way its length is in bytes, as what a stream holds is counted. */
export type Frame = string | Buffer

// A line break in a field would forge another field, and a NUL would make clients ignore the id. The default sanitizer
// of better-sse keeps line breaks within a field. This one costs 0.15 µs per frame.
const FIELD_BREAKS = /[\r\n\0]+/g
const buffer = createEventBuffer({
  serializer: (text) => text as string,
  sanitizer: (text) => text.replace(FIELD_BREAKS, ' ')
})

/** A comment, which breaks the silence and which clients pass over. */
export const KEEP_ALIVE: Frame = Buffer.from(take(buffer.comment().dispatch()))

let last: { readonly event: TaskEvent, frame: Frame } | undefined

/** The frame of a kept event: formatted once, and encoded once when it is not ASCII or goes to further streams in a row. */
export function eventFrame (event: TaskEvent): Frame {
  if (last?.event === event) {
    if (typeof last.frame === 'string') last.frame = Buffer.from(last.frame)
    return last.frame
  }
  const text = take(buffer.push(event.data, event.event, event.id))
  const frame = Buffer.byteLength(text) === text.length ? text : Buffer.from(text)
  last = { event, frame }
  return frame
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
