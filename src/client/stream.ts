import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { RelayEvent, Subscribed } from '../../schemas/relay-event.ts'
import { advance, startOver } from './cursor.ts'
import { attemptFailed } from './errors.ts'
import { get } from './get.ts'
import { setStatus } from './status.ts'
import { withTimeout } from './timing.ts'
import type { Attempt, Watch } from './watch.ts'

const STREAM = 'text/event-stream'
const MIN_RETRY_MS = 100
const MAX_RETRY_MS = 300_000

/**
 * Reads one stream until it ends, is cut, or falls silent.
 *
 * @throws {AttemptFailed} if it sends no frame
 */
export const readStream: Attempt = async function * (watch, signal) {
  const { firstFrameMs, silenceMs } = watch
  const until = Date.now() + firstFrameMs
  const parse = createFrameParser(watch)
  const reader = (await openStream(watch, signal)).getReader()
  let alive = false
  for (;;) {
    const chunk = reader.read().catch((): { value?: undefined } => ({}))
    const read = await withTimeout(alive ? silenceMs : until - Date.now(), signal, chunk)
    if (!read?.value) return endOfStream(watch, alive, read)
    for (const frame of parse(read.value)) {
      alive = true
      setStatus(watch, 'live')
      const event = (watch.toEvent ?? toEvent)(watch, frame)
      if (event) yield event
    }
  }
}

/** Opens the stream, and checks that it is one and that it can be read. */
async function openStream (watch: Watch, signal: AbortSignal): Promise<NonNullable<Response['body']>> {
  // Not the header Last-Event-ID: on another origin it would cost a preflight request.
  const path = `/events${watch.path}replay=${watch.replay}&lastEventId=`
  const request = get(watch, path, { signal, accept: STREAM })
  const response = await withTimeout(watch.firstFrameMs, signal, request)
  const isStream = response?.headers.get('content-type')?.startsWith(STREAM)
  if (!isStream) throw attemptFailed('no stream arrived', { noStream: 'blocked' })
  if (!response?.body) throw attemptFailed('this platform has no streams', { noStream: 'unsupported' })
  return response.body
}

/** Returns a function that parses chunks of a stream into frames. */
function createFrameParser (watch: Watch): (chunk: Uint8Array) => EventSourceMessage[] {
  const frames: EventSourceMessage[] = []
  const decoder = new TextDecoder()
  const parser = createParser({
    onEvent: (frame) => { frames.push(frame) },
    // A delay of 0 would flood the server, and a timer overflows at 25 days.
    onRetry: (ms) => { watch.retryMs = Math.min(Math.max(ms, MIN_RETRY_MS), MAX_RETRY_MS) }
  })
  return (chunk) => {
    parser.feed(decoder.decode(chunk, { stream: true }))
    return frames.splice(0)
  }
}

/** Applies a frame to the watch. Returns its event if that was not delivered before. */
export function toEvent (watch: Watch, { id, event, data }: EventSourceMessage): RelayEvent | undefined {
  const json = JSON.parse(data)
  if (event === 'closing') {
    if (json.reason === 'ticket-expired') watch.bearer = ''
  } else if (event === 'subscribed') {
    subscribe(watch, id as string, json)
  } else if (id && advance(watch, id)) return { id, event, data: json } as RelayEvent
}

function subscribe (watch: Watch, id: string, subscribed: Subscribed): void {
  if (subscribed.gap) startOver(watch, id)
  else watch.cursor ||= id
  watch.onReport?.(subscribed)
}

/** Returns the delay before a reconnect, in milliseconds. Without `read` the stream fell silent. */
function endOfStream (watch: Watch, alive: boolean, read: object | undefined): number {
  if (!alive) throw attemptFailed('no event arrived', { waitMs: watch.retryMs, noStream: read ? undefined : 'blocked' })
  setStatus(watch, 'reconnecting')
  return read ? watch.retryMs : 0
}
