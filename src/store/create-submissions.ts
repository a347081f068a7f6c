import type { Appended } from './appended.ts'
import type { SubmissionCalls } from './submission-calls.ts'
import type { MaySettle } from './submission-rule.ts'
import type { SubmissionRow } from './submission-table.ts'
import type { Due, Submission, SubmissionCounts, Submissions } from './submissions.ts'

/** Writing methods that `Submissions` calls. */
type Method = Exclude<keyof SubmissionCalls<never>, 'append' | 'isForeign' | 'withToken' | 'erase'>

/** Calls a writing method in a transaction of its own. */
type Call<Kept extends MaySettle> = <M extends Method>(
  method: M, ...args: Parameters<SubmissionCalls<Kept>[M]>
) => Promise<ReturnType<SubmissionCalls<Kept>[M]>>

/** Parts of a store for its submissions. */
export interface SubmissionParts<Kept extends MaySettle> {
  /** @throws {RelayError} `STORE_UNAVAILABLE` when the store is closed */
  readonly requireOpen: () => void
  readonly now: () => number
  readonly call: Call<Kept>
  readonly signingKey: () => string
  /** Returns the submissions of a task, newest first. */
  readonly of: (taskId: string) => SubmissionRow[]
  readonly counts: () => SubmissionCounts
  /** Returns the time of the next claim, in milliseconds since 1970; undefined when no submission is watched. */
  readonly nextDue: () => number | undefined
  /** Returns the event id of a place. */
  readonly idOf: (taskId: string, seq: number) => string
  readonly toAppended: (kept: Kept) => Appended
}

/** Returns the submissions of a store. */
export function createSubmissions<Kept extends MaySettle> (options: SubmissionParts<Kept>): Submissions {
  const { requireOpen, now, call, idOf, toAppended, ...parts } = options

  function toSubmission ({ id, step, taskId, place, stage, submittedAt, asked }: SubmissionRow): Submission {
    const placeId = taskId === null ? null : idOf(taskId, place as number)
    return { id, step, taskId, place: placeId, stage, submittedAt, asked }
  }

  /** Converts the result of a method that may append an event. */
  async function tell (call: Promise<Kept | undefined>): Promise<Appended | undefined> {
    const kept = await call
    return kept && toAppended(kept)
  }

  return {
    async signingKey () {
      requireOpen()
      return parts.signingKey()
    },

    async reserve (draft, patience) {
      requireOpen()
      const at = now()
      const reserved = await call('reserve', draft, patience, at)
      if (reserved.result === 'conflict') return reserved
      const { result, row } = reserved
      return { result, submission: toSubmission(row), ageMs: at - row.submittedAt }
    },

    async expect (id, taskId) {
      requireOpen()
      const row = await call('expect', id, taskId)
      return row && toSubmission(row)
    },

    async cancel (id) {
      requireOpen()
      await call('cancel', id)
    },

    async watch (draft, patience) {
      requireOpen()
      const { row, created } = await call('watch', draft, patience, now())
      return { submission: toSubmission(row), created }
    },

    async claim (options) {
      requireOpen()
      const at = now()
      const rows = await call('claim', options, at)
      return rows.map((row) => ({ ...toSubmission(row), isPastDeadline: row.deadline <= at }) as Due)
    },

    async nextDueMs () {
      requireOpen()
      const next = parts.nextDue()
      return next === undefined ? undefined : Math.max(0, next - now())
    },

    async pause (ms) {
      requireOpen()
      await call('pause', now() + ms)
    },

    async overdue (id, draft) {
      requireOpen()
      return tell(call('overdue', id, draft, now()))
    },

    async answer (id, answer) {
      requireOpen()
      return tell(call('answer', id, answer, now()))
    },

    async giveUp (id, draft) {
      requireOpen()
      return tell(call('giveUp', id, draft, now()))
    },

    async of (taskId) {
      requireOpen()
      return parts.of(taskId).map(toSubmission)
    },

    async counts () {
      requireOpen()
      return parts.counts()
    }
  }
}
