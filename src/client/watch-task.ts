import type { RelayEvent } from '../../schemas/relay-event.ts'
import { checkAddress } from './address.ts'
import { WatchRefused, type AttemptFailed } from './errors.ts'
import type { WatchOptions, WatchStatus } from './options.ts'
import { poll } from './poll.ts'
import { setStatus } from './status.ts'
import { readStream } from './stream.ts'
import { backoff, withTimeout } from './timing.ts'
import { createWatch, type Watch } from './watch.ts'

const POLLS_PER_STREAM = 12

/**
 * Events of a task, for `for await`. The first request is sent when the first event is asked for. `return()` ends a
 * pending wait at once.
 */
export interface TaskEvents extends AsyncGenerator<RelayEvent, void, undefined> {
  /** Status of the watch at this moment. */
  readonly status: WatchStatus
}

/**
 * Watches a task. Delivers every event once and in order, until the loop ends or the signal aborts.
 *
 * The watch survives lost connections, restarts of the server and sleep, and resumes after the last delivered event.
 * Where streams do not get through, it polls the task's JSON instead. It also resumes after the server closes a stream:
 * `onGap` is called if the server lost history, and a task that was erased may get later events.
 *
 * @param baseUrl - URL of the relay, including its prefix if it has one; a page may use a relative one
 * @throws {TypeError} before any request, if none can be sent: the URL is malformed, relative without a page, or of
 *   another scheme than http(s); it has credentials, a query or a fragment; or the task id is empty, `.` or `..`
 * @throws {WatchRefused} if the server refuses for good: the task id, the address or the ticket is wrong
 */
export function watchTask (baseUrl: string | URL, taskId: string, options: WatchOptions = {}): TaskEvents {
  return eventsOf(createWatch(baseUrl, taskId, options))
}

/** Returns the events of a watch. */
export function eventsOf (watch: Watch): TaskEvents {
  const events = follow(watch)
  const finish = events.return.bind(events)
  // By itself a generator ends only after the event that it waits for.
  events.return = (value) => {
    stop(watch)
    return finish(value)
  }
  return Object.defineProperty(events, 'status', { get: () => watch.status }) as TaskEvents
}

async function * follow (watch: Watch): AsyncGenerator<RelayEvent, void, undefined> {
  checkAddress(watch)
  const { signal = new AbortController().signal } = watch
  const abort = (): void => { stop(watch) }
  // A pause may last 30 seconds, and a stream that has lost its network is silent.
  const reconnect = (): void => { watch.attempt?.abort() }
  const forNetwork = (method: 'addEventListener' | 'removeEventListener'): void => {
    for (const type of ['online', 'offline']) globalThis[method]?.(type, reconnect)
  }
  let delayMs = 0
  signal.addEventListener('abort', abort)
  forNetwork('addEventListener')
  if (signal.aborted) abort()
  try {
    while (!watch.stopped) delayMs = yield * attempt(watch, delayMs)
  } finally {
    signal.removeEventListener('abort', abort)
    forNetwork('removeEventListener')
  }
  if (signal.aborted) throw signal.reason ?? new Error('Cannot watch the task: aborted')
}

/** Makes one attempt after a delay. Returns the delay before the next one, in milliseconds. */
async function * attempt (watch: Watch, delayMs: number): AsyncGenerator<RelayEvent, number, undefined> {
  const { signal } = watch.attempt = new AbortController()
  try {
    await withTimeout(delayMs, signal)
    if (signal.aborted) return 0
    const nextDelayMs = yield * (watch.polling ? watch.poll ?? poll : readStream)(watch, signal)
    watch.failures = 0
    return nextDelayMs
  } catch (error) {
    if (signal.aborted) return 0
    const isRefused = error instanceof WatchRefused
    setStatus(watch, isRefused ? 'refused' : 'reconnecting', error as Error)
    if (isRefused) throw error
    return recover(watch, error as AttemptFailed)
  } finally {
    watch.attempt.abort()
  }
}

/** Reports a failure and switches between stream and JSON. Returns the delay before the next attempt. */
function recover (watch: Watch, error: AttemptFailed): number {
  const { waitMs = 0, noStream } = error
  if (noStream) watch.streamAt = noStream === 'blocked' ? Date.now() + POLLS_PER_STREAM * watch.pollMs : Infinity
  watch.polling = !watch.polling || watch.streamAt === Infinity
  const delayMs = noStream ? 0 : Math.max(waitMs, backoff(watch.retryMs, watch.failures++))
  watch.onFailure?.(error)
  return delayMs
}

function stop (watch: Watch): void {
  watch.stopped = true
  watch.attempt?.abort()
}
