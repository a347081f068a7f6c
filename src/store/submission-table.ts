import type { Step } from '../../schemas/callback.ts'
import type { EventDraft } from '../event.ts'
import type { SubmissionStage } from './submissions.ts'

/** Draft of a task's event, with the time at which it is kept in milliseconds since 1970. */
export interface DatedDraft extends EventDraft {
  readonly taskId: string
  readonly at: number
}

/** Submission as a table keeps it. */
export interface SubmissionRow {
  /** Grows with every submission and is never given twice. */
  readonly n: number
  readonly id: string
  readonly step: Step
  /** The task that the call named, until Suno or a callback has named one. */
  readonly namedTaskId: string | null
  readonly taskId: string | null
  /** seq of the task's last event before the submission: of `taskId`, or of `namedTaskId` until that is known. */
  readonly place: number | null
  readonly stage: SubmissionStage
  readonly submittedAt: number
  readonly asked: number
  /** Time from which it may be claimed; set while it is expected or overdue. */
  readonly dueAt: number | null
  /** Time at which the relay gives up. */
  readonly deadline: number | null
  /** 1: Suno has reported progress since the submission. */
  readonly hasProgressed: 0 | 1
  /** The progress that was reported last. */
  readonly progress: string | null
  readonly key: string | null
  /** Digest of the body that the key came with. */
  readonly digest: string | null
}

/** Submission that has a task. */
export interface BoundRow extends SubmissionRow {
  readonly taskId: string
  readonly place: number
}

/** Columns of a submission that change. */
export type Changes = Partial<Omit<SubmissionRow, 'n' | 'id' | 'step' | 'namedTaskId' | 'submittedAt' | 'digest'>>

/** Time for which calls to Suno are counted; a limit on them has no longer window. */
export const RECENT_MS = 60_000

/** Calls to Suno within a time. */
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
  /** The submissions that have this task, newest first. */
  of (taskId: string): BoundRow[]
  insert (row: Omit<SubmissionRow, 'n'>): SubmissionRow
  /** Changes a submission and returns it as it is now. */
  update<Row extends SubmissionRow> (row: Row, changes: Changes): Row
  /** Removes a submission that is not watched. */
  remove (row: SubmissionRow): void
  /** Submissions that may be claimed at a time and have or have not passed their deadline, longest due first. */
  due (now: number, isPastDeadline: boolean, limit: number): BoundRow[]
  /** Counts a call to Suno, and forgets those older than a minute. */
  recordCall (at: number, isQuestion: boolean): void
  /** Calls to Suno after a time. */
  callsAfter (at: number): RecentCalls
  /** Time until which no question may be claimed; 0 for none. */
  pausedUntil (): number
  pauseUntil (at: number): void
}

/** Event that is an outcome. */
export interface OutcomeRow {
  readonly seq: number
  readonly step: Step
  /** Equal for equal outcomes, whatever their step. */
  readonly meaning: string
  /** `n` of the submission that the event is an outcome of, if it is known. */
  readonly submission: number | null
}

/**
 * Events of the store, in the same transaction.
 *
 * @typeParam Kept - result of an append
 */
export interface EventLog<Kept> {
  /** The highest seq that the task ever had. */
  last (taskId: string): number
  /** The highest seq that the task had at a time, in milliseconds since 1970. */
  lastBefore (taskId: string, time: number): number
  /** The outcomes of a task that are kept, oldest first. */
  outcomes (taskId: string): OutcomeRow[]
  /** Notes the submission that an event is an outcome of. */
  attribute (taskId: string, seq: number, submission: number): void
  /** Appends a draft, whatever came before. */
  append (draft: DatedDraft): Kept
  /** The result for a draft that repeats an event. */
  repeat (taskId: string, seq: number): Kept
}
