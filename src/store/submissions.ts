import type { Step } from '../../schemas/callback.ts'
import type { EventDraft } from '../event.ts'
import type { Appended } from './appended.ts'

/** Time for which idempotency keys, reservations without a task, and submissions of a task without events are kept. */
export const DAY_MS = 86_400_000

/**
 * Stage of a submission: `reserved` before Suno has named its task, `expected` and `overdue` until an outcome is kept,
 * then `settled`; `timed-out` when the relay has given up, which a late callback turns into `settled`; `superseded`
 * when a newer submission of the same task and step has taken its place before it had an outcome.
 */
export type SubmissionStage = 'reserved' | 'expected' | 'overdue' | 'settled' | 'timed-out' | 'superseded'

/** Call to Suno whose outcome the relay watches over. */
export interface Submission {
  /** Random, at least 128 bits, printable ASCII: names the submission in its callback URL. */
  readonly id: string
  readonly step: Step
  /** Null until Suno's answer or a callback names the task. */
  readonly taskId: string | null
  /** Event id of the task's last event before the submission: a stream that starts here shows only what it brought. Null with `taskId`. */
  readonly place: string | null
  readonly stage: SubmissionStage
  /** Time of the reservation, in milliseconds since 1970, by the store's clock. */
  readonly submittedAt: number
  /** How often the relay has asked Suno for the outcome. */
  readonly asked: number
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
  /** The task that the call names, if it names one: the vendor may answer with the same id, and its last event then is the place. */
  readonly taskId?: string | undefined
  /** Key and digest of the body of a request that may be repeated. */
  readonly idempotency?: { readonly key: string, readonly digest: string } | undefined
}

/** Result of a reservation: made now, or made before under the same key by an equal body or by another one. */
export type Reserved =
  | { readonly result: 'reserved' | 'repeat', readonly submission: Submission }
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
  readonly submission: Submission
  /** false: the task and step were known. */
  readonly created: boolean
}

/** Choices of a claim. */
export interface ClaimOptions {
  /** Time for which no other caller gets the same submission, in milliseconds. */
  readonly leaseMs: number
  /** Questions allowed in `windowMs`, over every process that shares the store. */
  readonly maxQuestions: number
  /** Questions and submissions together allowed in `windowMs`: submissions come first. */
  readonly maxCalls: number
  readonly windowMs: number
}

/** An answer of Suno to a question. */
export interface Answer {
  /** Event that the answer amounts to; undefined for an answer that tells nothing (a failed question). */
  readonly draft?: EventDraft | undefined
  /** Status in Suno's own word, if the answer says that the task is in progress; an event is kept only when it has changed. */
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
 * Keeps what Suno was asked to do until its outcome is kept.
 *
 * `EventStore.append()` settles a submission in the same transaction as the outcome. Every method rejects with a
 * {@link RelayError} `STORE_UNAVAILABLE` while the store cannot do its work. Time is the store's clock.
 */
export interface Submissions {
  /** Resolves with the secret that signs reservations: 256 random bits, made with the store and kept in it. */
  signingKey (): Promise<string>
  /**
   * Keeps a reservation durably before the call is made, and records the place before it. A key is remembered for a day;
   * a reservation that no task was named for, also.
   */
  reserve (draft: ReservationDraft): Promise<Reserved>
  /**
   * Names the task that Suno has answered with, and begins to watch over it. An older submission of the same task and
   * step that has no outcome yet is superseded. Safe to call after a callback under the reservation was quicker.
   *
   * @returns undefined when the reservation is unknown, or a callback has named another task
   */
  expect (id: string, taskId: string, patience: Patience): Promise<Submission | undefined>
  /** Forgets a reservation for which nothing was submitted. */
  cancel (id: string): Promise<void>
  /**
   * Begins to watch over a task that was submitted elsewhere. Idempotent: a task and step that is known is returned as it is.
   * Where the newest event is an outcome of this step already, the submission is settled by it, and its place is before it.
   */
  watch (draft: WatchDraft, patience: Patience): Promise<Watched>
  /** Claims submissions that are due, oldest first, and counts them as asked: of concurrent callers one gets each. */
  claim (options: ClaimOptions): Promise<Due[]>
  /** Resolves with the time until something is due or its lease ends, in milliseconds; undefined when nothing is watched. */
  nextDueMs (): Promise<number | undefined>
  /** Keeps nobody from submitting, but lets no question be claimed for a while, in every process: Suno said "too often". */
  pause (ms: number): Promise<void>
  /** Appends `task-overdue` and makes the submission overdue, once. Resolves with undefined when it is no longer `expected`. */
  overdue (id: string, draft: EventDraft): Promise<Appended | undefined>
  /**
   * Takes Suno's answer: appends its event and settles the submission if it is a new outcome.
   *
   * An outcome that was kept before the submission is no outcome of it, unless Suno has reported progress since. Progress
   * is kept when it has changed. Resolves with undefined, and only sets the next due time, for what says nothing new;
   * nothing is appended to a submission that is settled or superseded.
   */
  answer (id: string, answer: Answer): Promise<Appended | undefined>
  /** Appends `task-timeout` and ends the watch. Resolves with undefined when it is settled or superseded. */
  giveUp (id: string, draft: EventDraft): Promise<Appended | undefined>
  /** The submissions of a task, newest first. */
  of (taskId: string): Promise<Submission[]>
  counts (): Promise<SubmissionCounts>
}
