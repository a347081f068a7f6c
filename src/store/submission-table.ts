import type { Step } from '../../schemas/callback.ts'
import type { EventDraft } from '../event.ts'
import type { SubmissionStage } from './submissions.ts'

/** Draft of a task's event, with the time at which it is kept in milliseconds since 1970. */
export interface DatedDraft extends EventDraft {
  readonly taskId: string
  readonly at: number
}

/** Row of a submission. Times are in milliseconds since 1970. */
export interface SubmissionRow {
  /** Number that grows with every submission and is never used again. */
  readonly n: number
  readonly id: string
  readonly step: Step
  /** Task that the call named, if any. */
  readonly namedTaskId: string | null
  readonly taskId: string | null
  /** seq of the last event before the submission: of task `taskId`, or of `namedTaskId` while `taskId` is null. */
  readonly place: number | null
  readonly stage: SubmissionStage
  readonly submittedAt: number
  readonly asked: number
  /** Time from which the submission may be claimed; null unless it is expected or overdue. */
  readonly dueAt: number | null
  /** Time from which the relay asks Suno, if the submission has no outcome by then. */
  readonly askAt: number
  /** Time at which the relay gives up. */
  readonly deadline: number
  /** 1: Suno has reported progress since the submission. */
  readonly hasProgressed: 0 | 1
  /** Last status that Suno has reported as progress. */
  readonly progress: string | null
  readonly key: string | null
  /** Digest of the request body that came with the key. */
  readonly digest: string | null
}

/** Initial values of a new submission. */
export const NEW = {
  namedTaskId: null,
  taskId: null,
  place: null,
  stage: 'reserved',
  asked: 0,
  dueAt: null,
  hasProgressed: 0,
  progress: null,
  key: null,
  digest: null
} as const

/** Submission that has a task. */
export interface BoundRow extends SubmissionRow {
  readonly taskId: string
  readonly place: number
}

/** Columns of a submission that never change. */
type Fixed = 'n' | 'id' | 'step' | 'namedTaskId' | 'submittedAt' | 'askAt' | 'deadline' | 'digest'

/** Columns of a submission that change. */
export type Changes = Partial<Omit<SubmissionRow, Fixed>>

/** Time for which calls to Suno are counted, in milliseconds: the max window of a limit. */
export const RECENT_MS = 60_000

/** Numbers of recent calls to Suno. */
export interface RecentCalls {
  readonly questions: number
  /** Questions and submissions. */
  readonly calls: number
  /** Time of the oldest one; null for none. */
  readonly oldest: number | null
}

/** Submissions, in the transaction of the store. */
export interface SubmissionTable {
  byId (id: string): SubmissionRow | undefined
  byKey (key: string): SubmissionRow | undefined
  /** Returns the submissions of a task, newest first. */
  of (taskId: string): BoundRow[]
  insert (row: Omit<SubmissionRow, 'n'>): SubmissionRow
  /** Changes a submission. Returns the changed row. */
  update<Row extends SubmissionRow> (row: Row, changes: Changes): Row
  remove (row: SubmissionRow): void
  /** Returns submissions that are due, longest due first: either those past their deadline, or the others. */
  due (now: number, isPastDeadline: boolean, limit: number): BoundRow[]
  /** Records a call to Suno, and removes calls older than {@link RECENT_MS}. */
  recordCall (at: number, isQuestion: boolean): void
  /** Counts calls to Suno after a time. */
  callsAfter (at: number): RecentCalls
  /** Returns the time until which no question may be claimed; 0 for none. */
  pausedUntil (): number
  pauseUntil (at: number): void
}

/** Event that is an outcome. */
export interface OutcomeRow {
  readonly seq: number
  readonly step: Step
  /** Equal for equal outcomes, whatever their step. */
  readonly meaning: string
  /** `n` of the submission that the outcome belongs to; null if unknown. */
  readonly submission: number | null
}

/**
 * Events of the store, in the same transaction.
 *
 * @typeParam Kept - result of an append
 */
export interface EventLog<Kept> {
  /** Returns the highest seq that the task ever had. */
  last (taskId: string): number
  /** Returns the highest seq that the task had before a time, in milliseconds since 1970. */
  lastBefore (taskId: string, time: number): number
  /** Returns the kept outcomes of a task, oldest first. */
  outcomes (taskId: string): OutcomeRow[]
  /** Records the submission that an outcome belongs to. */
  attribute (taskId: string, seq: number, submission: number): void
  /** Appends a draft without deduplication. */
  append (draft: DatedDraft): Kept
  /** Returns the result for a draft that repeats an event. */
  repeat (taskId: string, seq: number): Kept
}
