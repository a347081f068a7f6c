import type { EventData, PhraseReadyEvent, RelayEvent } from '../../../schemas/relay-event.ts'
import type { TaskReport, WatchStatus } from '../options.ts'
import type { Phrase } from './phrase.ts'

/** Everything that a hook has learned about a task. */
export interface Seen {
  /** Names the relay and the task. Empty if nothing is watched. */
  readonly key: string
  readonly status: WatchStatus
  /** Time of the last change, in milliseconds since 1970. */
  readonly now: number
  readonly report?: TaskReport
  readonly event?: RelayEvent
  /** Time at which the event was received, by the clock of this device, in milliseconds since 1970. */
  readonly receivedMs?: number
  /** Error that ended the watch. */
  readonly error?: Error | undefined
}

/** Returns the state before the first answer. */
export function nothingSeen (key: string): Seen {
  return { key, status: { connection: 'connecting', failure: undefined }, now: 0 }
}

/**
 * Describes the phrase of a task.
 *
 * @param lifeMs - life of a phrase, in milliseconds
 */
export function describe (seen: Seen, lifeMs: number): Phrase {
  const { key, status, report, event, error } = seen
  if (!key) return { ...status, state: 'idle' }
  const described = event && isCurrent(event, report)
    ? describeEvent(event, seen, lifeMs)
    : describeWait(report?.state, report?.submittedAt)
  // A phrase stays on the screen when the ticket expires.
  if (!error || described.state === 'ready') return { ...status, ...described }
  return { connection: 'refused', failure: error, state: 'refused', error }
}

type Described<State = Phrase> = State extends Phrase ? Omit<State, keyof WatchStatus> : never

/** Whether an event is not older than the submission whose outcome is expected, if one is. */
function isCurrent ({ data }: RelayEvent, report: TaskReport | undefined): boolean {
  // A comparison with undefined is false.
  return !(data.receivedAt < (report?.submittedAt as string))
}

function describeEvent (event: RelayEvent, seen: Seen, lifeMs: number): Described {
  const { submittedAt } = event.data
  switch (event.event) {
    case 'phrase-ready': return describeReady(event, seen, lifeMs)
    case 'voice-ready': return { state: 'done', voiceId: event.data.voiceId, event }
    case 'phrase-failed':
    case 'voice-failed': return { state: 'failed', reason: reasonOf(event.data), event }
    case 'task-timeout': return describeWait('timed-out', submittedAt)
    case 'task-overdue': return describeWait('overdue', submittedAt)
    default: return describeWait()
  }
}

function describeReady (event: PhraseReadyEvent, { receivedMs = 0, now }: Seen, lifeMs: number): Described {
  const ageMs = now - receivedMs
  if (ageMs >= lifeMs) return { state: 'expired', event }
  return { state: 'ready', phrase: event.data.validateInfo, ageMs, endsAt: new Date(receivedMs + lifeMs), event }
}

function describeWait (state?: TaskReport['state'], submittedAt?: string): Described {
  const since = submittedAt ? new Date(submittedAt) : undefined
  switch (state) {
    case 'expired': return { state }
    case 'unknown':
    case 'overdue':
    case 'timed-out': return { state, since }
    default: return { state: 'waiting', since }
  }
}

function reasonOf ({ errorMessage, msg }: EventData): string {
  return errorMessage || msg || ''
}
