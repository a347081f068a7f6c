import type { Step } from '../../schemas/callback.ts'
import type { EventDraft } from '../event.ts'
import type { Appended, Settled } from './appended.ts'

/** Time for which idempotency keys, reservations without a task, and submissions of a task without events are kept. */
export const DAY_MS = 86_400_000

/**
 * Stage of a submission: `reserved` before Suno has named its task, `expected` and `overdue` until an outcome is kept,
 * then `settled`; `timed-out` when the relay has given up, which a late callback turns into `settled`; `superseded`
 * when a newer submission of the same task and step replaced it before it had an outcome. Here validate and regenerate
 * count as one step, since Suno shows one phrase for both. `erased` when its task was erased: only the key of its
 * request is left of it.
 */
export type SubmissionStage = 'reserved' | 'expected' | 'overdue' | 'settled' | 'timed-out' | 'superseded' | 'erased'

/** Call to Suno whose outcome the relay watches over. */
export interface Submission {
  /** Random, at least 128 bits, printable ASCII: names the submission in its callback URL. */
  readonly id: string
  readonly step: Step
  /** Null until Suno's answer or a callback names the task, and after the task was erased. */
  readonly taskId: string | null
  /**
   * Event id of the task's last event before the submission. A stream that starts here shows only later events. Null
   * while `taskId` is null.
   */
  readonly place: string | null
  readonly stage: SubmissionStage
  /** Time of the reservation, in milliseconds since 1970, by the store's clock. */
  readonly submittedAt: number
  /** Number of times that the relay has asked Suno for the outcome. */
  readonly asked: number
}

/** Submission that the relay watches over from now on. */
export interface Begun extends Submission {
  /** Set by the call that begins the watch, if an outcome from before has settled the submission. */
  readonly settled?: Settled
}

/** Newest submission of a task whose outcome the relay waits for. */
export interface Expected {
  readonly step: Step
  /** Time of the submission, in milliseconds since 1970. */
  readonly submittedAt: number
  /** true: no callback came in time, and the relay asks Suno. */
  readonly isOverdue: boolean
}

/** Submission before the call to Suno is made. */
export interface ReservationDraft {
  readonly id: string
  readonly step: Step
  /**
   * Task that the call names, if any. If Suno answers with the same id, the last event before the reservation is the
   * place.
   */
  readonly taskId?: string | undefined
  /** Key and digest of the body of a request that may be repeated. */
  readonly idempotency?: { readonly key: string, readonly digest: string } | undefined
}

/**
 * Result of a reservation: `reserved` if it is new, `repeat` if an equal body made it before under the same key,
 * `conflict` if another body did.
 */
export type Reserved =
  | {
    readonly result: 'reserved' | 'repeat'
    readonly submission: Submission
    /** Time since the submission was reserved, in milliseconds by the store's clock. */
    readonly ageMs: number
  }
  | { readonly result: 'conflict' }

/** Times of a watched submission, in milliseconds after it was submitted. */
export interface Patience {
  /** Age at which a submission without an outcome is due for the first question. */
  readonly askAfterMs: number
  /** Age at which the relay gives up. */
  readonly giveUpMs: number
}

/** Submission that this caller alone may ask Suno about until its lease ends. */
export interface Due extends Submission {
  readonly taskId: string
  /** true: older than `giveUpMs`. It is not counted against the limit, since nobody asks. */
  readonly isPastDeadline: boolean
}

/** Task that was submitted elsewhere. */
export interface WatchDraft {
  /** Id for the submission, as of a reservation. */
  readonly id: string
  readonly taskId: string
  readonly step: Step
}

/** Result of {@link Submissions.watch}. */
export interface Watched {
  /** A new one is `settled` if an outcome from before has settled it. */
  readonly submission: Submission
  /** false: the task and step were known. */
  readonly created: boolean
}

/** Choices of a claim. */
export interface ClaimOptions {
  /** Time for which no other caller gets the same submission, in milliseconds. */
  readonly leaseMs: number
  /**
   * Questions allowed in `windowMs`, over every process that shares the store. 0 claims only submissions past their
   * deadline.
   */
  readonly maxQuestions: number
  /** Questions and submissions together allowed in `windowMs`: submissions come first. */
  readonly maxCalls: number
  readonly windowMs: number
}

/** Answer of Suno to a question. */
export interface Answer {
  /** Event to append; undefined for a failed question. */
  readonly draft?: EventDraft | undefined
  /** Suno's own status, if the task is in progress. An event is kept only when the status has changed. */
  readonly progress?: string | undefined
  /** Time until the next question is due, in milliseconds. */
  readonly nextMs: number
}

/** Numbers of submissions whose outcome the relay waits for. */
export interface SubmissionCounts {
  /** Expected or overdue. */
  readonly expected: number
  /** Overdue alone. */
  readonly overdue: number
}

/**
 * Submissions of a store, from the reservation to the outcome.
 *
 * `EventStore.append()` settles a submission in the transaction that appends the outcome. Every method rejects with a
 * {@link RelayError} `STORE_UNAVAILABLE` while the store is unavailable. Times are of the store's clock.
 */
export interface Submissions {
  /** Resolves with the secret that signs reservations: 256 random bits, made with the store and kept in it. */
  signingKey (): Promise<string>
  /**
   * Keeps a reservation durably before the call is made, and records its place. The store remembers a key for a day,
   * also after its task was erased, and a reservation without a task for a day or until the relay would give up.
   */
  reserve (draft: ReservationDraft, patience: Patience): Promise<Reserved>
  /**
   * Names the task that Suno has answered with, and begins to watch over it. Supersedes older submissions
   * of the same task and step that have no outcome. A callback under the token of the reservation does the same:
   * afterwards this changes nothing.
   *
   * @returns undefined when the reservation is unknown or erased, or a callback has named another task
   */
  expect (id: string, taskId: string): Promise<Begun | undefined>
  /** Removes a reservation whose call was not made. */
  cancel (id: string): Promise<void>
  /**
   * Begins to watch over a task that was submitted elsewhere. Idempotent: returns the known submission of a task and
   * step. If the task's newest event is an outcome of this step, or an earlier one is the outcome of its validate, that
   * settles the submission, whose place is before it.
   */
  watch (draft: WatchDraft, patience: Patience): Promise<Watched>
  /** Claims due submissions, longest due first. Counts them as asked. Concurrent callers never get the same one. */
  claim (options: ClaimOptions): Promise<Due[]>
  /**
   * Resolves with the time until the next submission is due or its lease ends, in milliseconds; undefined when none is
   * watched.
   */
  nextDueMs (): Promise<number | undefined>
  /**
   * Stops claims of questions for `ms` milliseconds in every process, after Suno has answered "too often". Submitting
   * and claims past the deadline go on.
   */
  pause (ms: number): Promise<void>
  /** Appends `task-overdue` and makes the submission overdue. Resolves with undefined if it is not `expected`. */
  overdue (id: string, draft: EventDraft): Promise<Appended | undefined>
  /**
   * Takes Suno's answer. Appends a new outcome, which settles the submission, or progress that has changed.
   *
   * An outcome equal to one from before the submission does not settle it, unless Suno has reported progress since. A
   * minute after the submission it does if it is a failure, or the relay watches over a call that was made elsewhere.
   * Resolves with undefined if nothing was appended. Then only the next due time changes. Nothing is appended to a
   * submission that is settled or superseded.
   */
  answer (id: string, answer: Answer): Promise<Appended | undefined>
  /** Appends `task-timeout` and ends the watch. Resolves with undefined if it is no longer watched. */
  giveUp (id: string, draft: EventDraft): Promise<Appended | undefined>
  /** Resolves with the submissions of a task, newest first. */
  of (taskId: string): Promise<Submission[]>
  /** Resolves with the numbers of submissions without an outcome. */
  counts (): Promise<SubmissionCounts>
}
