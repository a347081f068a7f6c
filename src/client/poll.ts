import type { RelayEvent } from '../../schemas/event.ts'
import type { Task } from '../../schemas/task.ts'
import { distance, startOver, take } from './cursor.ts'
import { attemptFailed } from './errors.ts'
import { get } from './get.ts'
import type { Attempt, State } from './state.ts'
import { within } from './timing.ts'

/**
 * Asks for the task's JSON once: what is there when no place in it is known yet, else what comes after the cursor,
 * which the server is asked to wait for.
 *
 * @throws {AttemptFailed} when no answer comes, or one with nothing new long before it should
 */
export const poll: Attempt = async function * (state, signal) {
  const { pollMs } = state
  const early = Date.now() + pollMs / 2
  const waits = state.cursor !== '' || state.replay === 'all'
  const task = await within(pollMs * 2, signal, askTask(state, waits, signal))
  if (!task) throw attemptFailed('no answer came')
  let fresh = !waits
  for (const event of wanted(state, task)) {
    if (take(state, event.id)) {
      fresh = true
      yield event
    }
  }
  if (!fresh && Date.now() < early) throw attemptFailed('no event came')
  return 0
}

/** Resolves with what has no events when nothing is kept, or nothing came. */
async function askTask (state: State, waits: boolean, signal: AbortSignal): Promise<Partial<Task>> {
  // A moment at least: a task of which nothing is kept is a 404 to those who do not wait.
  const wait = waits ? state.pollMs / 1000 : 0.001
  const response = await get(state, `/tasks/${state.taskId}?wait=${wait}&after=`, signal)
  return response.status === 204 ? {} : await response.json()
}

/** Those of a task's events that a stream would have sent. */
function wanted (state: State, { lastEventId, events = [] }: Partial<Task>): RelayEvent[] {
  const { cursor, replay } = state
  state.replay = 'all'
  // A history shorter than what was seen of it was put back from a copy: what comes in it is new.
  if (cursor && lastEventId && distance(cursor, lastEventId) < 0) startOver(state)
  if (cursor || replay === 'all' || !lastEventId) return events
  if (replay === 'latest') return events.slice(-1)
  state.cursor = lastEventId
  return []
}
