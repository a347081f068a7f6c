import type { RelayEvent, Replay, Task } from '../../schemas/relay-event.ts'
import { advance, before, distance, startOver } from './cursor.ts'
import { attemptFailed } from './errors.ts'
import { get } from './get.ts'
import { setStatus } from './status.ts'
import { withTimeout } from './timing.ts'
import type { Attempt, Watch } from './watch.ts'

/**
 * Requests the task's JSON once. The first request after another connection is answered at once, and shows that polling
 * works. Later ones are held until there is an event.
 *
 * @throws {AttemptFailed} if no response arrives, or if one without events arrives long before it should
 */
export const poll: Attempt = async function * (watch, signal) {
  const { pollMs } = watch
  const early = Date.now() + pollMs / 2
  const holds = watch.status.connection === 'polling'
  const task = await withTimeout(pollMs * 2, signal, fetchTask(watch, holds, signal))
  if (!task) throw attemptFailed('no response arrived')
  setStatus(watch, 'polling', watch.status.failure)
  let delivered = false
  for (const event of selectEvents(watch, task)) {
    if (advance(watch, event.id)) {
      delivered = true
      yield event
    }
  }
  if (holds && !delivered && Date.now() < early) throw attemptFailed('no event arrived')
  watch.polling = !holds || Date.now() < watch.streamAt
  return 0
}

/** Fetches the task. Resolves with an empty object if nothing is kept of it, or if no event came in time. */
async function fetchTask (watch: Watch, holds: boolean, signal: AbortSignal): Promise<Partial<Task>> {
  // Never 0: a request that does not wait gets a 404 for an unknown task.
  const wait = holds ? watch.pollMs / 1000 : 0.001
  const response = await get(watch, `/tasks${watch.path}wait=${wait}&after=`, { signal })
  if (response.status === 204) return {}
  const task: Task = await response.json()
  watch.onReport?.(task)
  return task
}

/** Returns the events that a stream would have sent. */
function selectEvents (watch: Watch, { lastEventId = '', events = [] }: Partial<Task>): readonly RelayEvent[] {
  const { cursor, replay } = watch
  watch.replay = 'all'
  if (cursor) {
    if (isUnknown(cursor, lastEventId, events[0])) startOver(watch)
    return events
  }
  return replay === 'all' ? events : selectNewest(watch, replay, lastEventId, events)
}

/** Returns the newest event if it is wanted. It is fetched next if the answer is one of several pages. */
function selectNewest (
  watch: Watch, replay: Replay, lastEventId: string, events: readonly RelayEvent[]
): readonly RelayEvent[] {
  const newest = events.slice(-1)
  if (replay === 'latest' && newest[0]?.id === lastEventId) return newest
  if (lastEventId) watch.cursor = replay === 'latest' ? before(lastEventId) : lastEventId
  return []
}

/** Whether the server does not know the cursor: it then answers with everything that is kept. */
function isUnknown (cursor: string, lastEventId: string, first: RelayEvent | undefined): boolean {
  return first !== undefined && lastEventId !== cursor && distance(cursor, first.id) !== 1
}
