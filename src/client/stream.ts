import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { EventName } from '../../schemas/event.ts'
import { startOver, take } from './cursor.ts'
import { attemptFailed } from './errors.ts'
import { get } from './get.ts'
import type { Attempt, State } from './state.ts'
import { within } from './timing.ts'

const STREAM = 'text/event-stream'
const SHORTEST_RETRY_MS = 100
const LONGEST_RETRY_MS = 300_000
const CUT = { done: true, value: undefined } as const

/**
 * Follows one stream until it ends, is cut, or falls silent.
 *
 * @throws {AttemptFailed} when it brings no frame
 */
export const readStream: Attempt = async function * (state, signal) {
  const { firstFrameMs = 5000, silenceMs = 45_000 } = state.options
  const until = Date.now() + firstFrameMs
  const frames: EventSourceMessage[] = []
  let alive = false
  const parser = createParser({
    onEvent: (frame) => { frames.push(frame) },
    // Zero would be a storm, and a timer overflows at 25 days.
    onRetry: (ms) => { state.retryMs = Math.min(Math.max(ms, SHORTEST_RETRY_MS), LONGEST_RETRY_MS) }
  })
  const reader = (await openStream(state, firstFrameMs, signal)).getReader()
  const decoder = new TextDecoder()

  for (;;) {
    const chunk = reader.read().catch(() => CUT)
    const read = await within(alive ? silenceMs : until - Date.now(), signal, chunk)
    if (!alive && (!read || read.done)) throw attemptFailed('no frame came', state.retryMs, read ? 0 : 1)
    if (!read) return 0
    if (read.done) return state.retryMs
    parser.feed(decoder.decode(read.value, { stream: true }))
    for (const { id, event, data } of frames.splice(0)) {
      alive = true
      const json = JSON.parse(data)
      if (event === 'closing' && json.reason === 'ticket-expired') state.bearer = ''
      else if (event === 'subscribed' && json.gap) startOver(state, id)
      else if (event === 'subscribed') state.cursor ||= id as string
      else if (id && take(state, id)) yield { id, event: event as EventName, data: json }
    }
  }
}

async function openStream (state: State, firstFrameMs: number, signal: AbortSignal): Promise<NonNullable<Response['body']>> {
  // Not the header Last-Event-ID: a page of another origin would have to ask before it may send that.
  const path = `/events/${state.taskId}?replay=${state.replay}&lastEventId=`
  const response = await within(firstFrameMs, signal, get(state, path, signal, STREAM))
  const isStream = response?.headers.get('content-type')?.startsWith(STREAM)
  if (!isStream) throw attemptFailed('no stream came', 0, 1)
  if (!response?.body) throw attemptFailed('no stream can be read', 0, Infinity)
  return response.body
}
