import type { RelayEvent } from '../../schemas/event.ts'
import { WatchRefused, type AttemptFailed } from './errors.ts'
import { poll } from './poll.ts'
import { createState, type State, type WatchOptions } from './state.ts'
import { readStream } from './stream.ts'
import { backoff, within } from './timing.ts'

const POLLS_PER_STREAM = 12

/** The events of a task, for `for await`. Nothing is asked for before the first is, and `return()` ends a wait at once. */
export type TaskEvents = AsyncGenerator<RelayEvent, void, undefined>

/**
 * Watches a task: every event once and in order, until the loop is left or the signal aborts.
 *
 * It outlives cuts, restarts of the server and sleep, and goes on after the last event that it handed over. Where
 * streams do not come through it asks for the task's JSON instead, and the caller sees no difference.
 *
 * @param baseUrl - where the relay is, with its prefix if it has one
 * @throws {WatchRefused} when the server refuses for good: the task id, the address or the ticket is wrong
 */
export function watchTask (baseUrl: string | URL, taskId: string, options: WatchOptions = {}): TaskEvents {
  const state = createState(baseUrl, taskId, options)
  const events = follow(state, options)
  const finish = events.return.bind(events)
  // Without this a generator ends only after the event that it waits for.
  events.return = (value) => {
    stop(state)
    return finish(value)
  }
  return events
}

async function * follow (state: State, { signal, onFailure }: WatchOptions): TaskEvents {
  const abort = (): void => { stop(state) }
  let delayMs = 0
  signal?.addEventListener('abort', abort)
  if (signal?.aborted) abort()
  try {
    while (!state.over) {
      state.attempt = new AbortController()
      try {
        await within(delayMs, state.attempt.signal)
        if (state.over) break
        delayMs = yield * (state.polling ? poll : readStream)(state, state.attempt.signal)
        state.failures = 0
        state.polling &&= Date.now() < state.streamAt
      } catch (error) {
        if (state.over) break
        if (error instanceof WatchRefused) throw error
        delayMs = turn(state, error as Partial<AttemptFailed>)
        onFailure?.(error as Error)
      } finally {
        state.attempt.abort()
      }
    }
  } finally {
    signal?.removeEventListener('abort', abort)
  }
  if (signal?.aborted) throw signal.reason ?? new Error('Cannot watch the task: aborted')
}

/** Whichever way failed, the other has a turn; returns after how long, in milliseconds. */
function turn (state: State, { waitMs = 0, noStream = 0 }: Partial<AttemptFailed>): number {
  if (noStream > 0) state.streamAt = Date.now() + noStream * POLLS_PER_STREAM * state.pollMs
  state.polling = !state.polling || state.streamAt === Infinity
  return noStream > 0 ? 0 : Math.max(waitMs, backoff(state.retryMs, state.failures++))
}

function stop (state: State): void {
  state.over = true
  state.attempt.abort()
}
