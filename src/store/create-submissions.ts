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

type Awaitable<T> = T | Promise<T>

/** Parts of a store for its submissions. */
export interface SubmissionParts<Kept extends MaySettle> {
  /** @throws {RelayError} `STORE_UNAVAILABLE` when the store is closed */
  readonly requireOpen: () => void
  readonly now: () => number
  readonly call: Call<Kept>
  readonly signingKey: () => Awaitable<string>
  /** Returns the submissions of a task, newest first. */
  readonly of: (taskId: string) => Awaitable<SubmissionRow[]>
  readonly counts: () => Awaitable<SubmissionCounts>
  /** Returns the time of the next claim, in milliseconds since 1970; undefined when no submission is watched. */
  readonly nextDue: () => Awaitable<number | undefined>
  /** Returns the event id of a place. */
  readonly idOf: (taskId: string, seq: number) => Awaitable<string>
  readonly toAppended: (kept: Kept) => Appended
}

/** Returns the submissions of a store. */
export function createSubmissions<Kept extends MaySettle> (options: SubmissionParts<Kept>): Submissions {
  const { requireOpen, now, call, idOf, toAppended, ...parts } = options

  async function toSubmission (row: SubmissionRow): Promise<Submission> {
    const { id, step, taskId, place, stage, submittedAt, asked } = row
    const placeId = taskId === null ? null : await idOf(taskId, place as number)
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
      return { result, submission: await toSubmission(row), ageMs: at - row.submittedAt }
    },

    async expect (id, taskId) {
      requireOpen()
      const expected = await call('expect', id, taskId)
      if (!expected) return undefined
      const { row: { step, submittedAt, stage }, begins } = expected
      const settled = begins && stage === 'settled' ? { step, submittedAt } : undefined
      return { ...await toSubmission(expected.row), ...(settled && { settled }) }
    },

    async cancel (id) {
      requireOpen()
      await call('cancel', id)
    },

    async watch (draft, patience) {
      requireOpen()
      const { row, created } = await call('watch', draft, patience, now())
      return { submission: await toSubmission(row), created }
    },

    async claim (options) {
      requireOpen()
      const at = now()
      const rows = await call('claim', options, at)
      return Promise.all(rows.map(async (row) => {
        return { ...await toSubmission(row), isPastDeadline: row.deadline <= at } as Due
      }))
    },

    async nextDueMs () {
      requireOpen()
      const next = await parts.nextDue()
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
      return Promise.all((await parts.of(taskId)).map(toSubmission))
    },

    async counts () {
      requireOpen()
      return parts.counts()
    }
  }
}
