import type { PhraseReadyEvent, RelayEvent, VoiceReadyEvent } from '../../../schemas/relay-event.ts'
import type { WatchStatus } from '../options.ts'

/** The hook watches nothing: there is no task id, or `enabled` is false. */
export interface Idle {
  readonly state: 'idle'
}

/** No result yet. */
export interface Waiting {
  /** `unknown`: no submission and no callback has named the task. `overdue`: the callback is late. */
  readonly state: 'waiting' | 'unknown' | 'overdue'
  /** Time of the submission. Undefined if the relay did not submit the task, or does not say so yet. */
  readonly since: Date | undefined
}

/** A phrase that the user can read aloud. */
export interface Ready {
  readonly state: 'ready'
  /** Phrase to read aloud. */
  readonly phrase: string
  /** Age of the phrase at the time of this result, in milliseconds. */
  readonly ageMs: number
  /** Estimated end of the phrase, by the clock of this device. */
  readonly endsAt: Date
  /** Event that brought the phrase. */
  readonly event: PhraseReadyEvent
}

/** The phrase is probably too old, or the relay no longer keeps the events of the task. */
export interface Expired {
  readonly state: 'expired'
  /** The old phrase. Absent if it is no longer kept. */
  readonly event?: PhraseReadyEvent
}

/** Suno could not create a phrase or, after `generate`, a voice. */
export interface Failed {
  readonly state: 'failed'
  /** Reason, in the words of Suno. */
  readonly reason: string
  /** Event that reported the failure. */
  readonly event: RelayEvent
}

/** No outcome arrived by the deadline. A late one is still shown. */
export interface TimedOut {
  readonly state: 'timed-out'
  /** Time of the submission. */
  readonly since: Date | undefined
}

/** The recording was accepted: the voice is ready. */
export interface Done {
  readonly state: 'done'
  /** Id of the voice. */
  readonly voiceId: string
  /** Event that brought the voice. */
  readonly event: VoiceReadyEvent
}

/** The task cannot be watched: the task id, the address or the ticket is wrong. */
export interface Refused {
  readonly state: 'refused'
  /** A `WatchRefused`, or a `TypeError` if no request can be sent at all. */
  readonly error: Error
}

type Outcome = Idle | Waiting | Ready | Expired | Failed | TimedOut | Done | Refused

/** Result of `usePhrase`, with the status of the watch. Compare `state` with a name to narrow the type. */
export type Phrase = Outcome & WatchStatus
