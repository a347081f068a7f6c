import type { Step } from '../../schemas/callback.ts'
import { submissionAnswers, type SubmissionAnswers } from './submission-answers.ts'
import { submissionRule, type MaySettle, type RuleParts, type SubmissionRule } from './submission-rule.ts'
import { isOutcomeOf, submissionStart } from './submission-start.ts'
import { NEW, type BoundRow, type OutcomeRow, type SubmissionRow, type SubmissionTable } from './submission-table.ts'
import { DAY_MS, type ClaimOptions, type Patience, type ReservationDraft, type WatchDraft } from './submissions.ts'

const MAX_PAST_DEADLINE = 100

/** Result of a reservation. */
export type ReservedRow =
  | { readonly result: 'reserved' | 'repeat', readonly row: SubmissionRow }
  | { readonly result: 'conflict' }

type Rule<Kept extends MaySettle> = Pick<SubmissionRule<Kept>, 'isForeign' | 'withToken' | 'append'>

/** Writing methods of `Submissions`, called in a transaction of the store. Times are in milliseconds since 1970. */
export interface SubmissionCalls<Kept extends MaySettle> extends Rule<Kept>, SubmissionAnswers<Kept> {
  reserve (draft: ReservationDraft, patience: Patience, now: number): ReservedRow
  expect (id: string, taskId: string): { readonly row: BoundRow, readonly begins: boolean } | undefined
  cancel (id: string): void
  watch (draft: WatchDraft, patience: Patience, now: number): { readonly row: BoundRow, readonly created: boolean }
  claim (options: ClaimOptions, now: number): BoundRow[]
  pause (until: number): void
  /** Removes the submissions of a task. Keys of requests stay known. */
  erase (taskId: string): void
}

/** Returns the writing methods over the submissions and the events of a store. Every store uses them. */
export function submissionCalls<Kept extends MaySettle> (
  { table, log }: Pick<RuleParts<Kept>, 'table' | 'log'>
): SubmissionCalls<Kept> {
  const start = submissionStart(table, log)
  const { settle, same, ...rule } = submissionRule({ table, log, start })
  return {
    ...rule,
    ...beginnings({ table, log, start }),
    ...questions(table),
    ...submissionAnswers({ table, log }, { settle, same })
  }
}

type Beginnings = Pick<SubmissionCalls<never>, 'reserve' | 'expect' | 'cancel' | 'watch' | 'erase'>

function beginnings ({ table, log, start }: RuleParts<unknown>): Beginnings {
  function known (key: string, now: number): SubmissionRow | undefined {
    const row = table.byKey(key)
    if (row && now - row.submittedAt < DAY_MS) return row
    if (row) table.update(row, { key: null })
    return undefined
  }

  return {
    reserve ({ id, step, taskId = null, idempotency }, patience, now) {
      const repeated = idempotency && known(idempotency.key, now)
      if (repeated && repeated.digest !== idempotency.digest) return { result: 'conflict' }
      if (repeated) return { result: 'repeat', row: repeated }
      table.recordCall(now, false)
      const place = taskId === null ? null : log.last(taskId)
      const { key = null, digest = null } = idempotency ?? {}
      const row = table.insert({ ...NEW, id, step, namedTaskId: taskId, place, ...times(patience, now), key, digest })
      return { result: 'reserved', row }
    },

    expect (id, taskId) {
      const row = table.byId(id)
      if (!row || row.stage === 'erased' || (row.taskId ?? taskId) !== taskId) return undefined
      const begins = row.taskId === null
      return { row: begins ? start.begin(start.bind(row, taskId)) : row as BoundRow, begins }
    },

    cancel (id) {
      const row = table.byId(id)
      if (row?.stage === 'reserved') table.remove(row)
    },

    watch ({ id, taskId, step }, patience, now) {
      const known = table.of(taskId).find((row) => row.step === step)
      if (known) return { row: known, created: false }
      const last = log.last(taskId)
      const own = outcomeOf(step, log.outcomes(taskId), last)
      const place = own ? own.seq - 1 : last
      const row = table.insert({ ...NEW, id, step, taskId, place, ...times(patience, now) }) as BoundRow
      // An outcome of the past supersedes no submission.
      return { row: own ? start.settle(row, own) : start.begin(row), created: true }
    },

    erase (taskId) {
      for (const row of [...table.of(taskId)]) {
        const { id, step, submittedAt, askAt, deadline, key, digest } = row
        table.remove(row)
        if (key === null) continue
        table.insert({ ...NEW, id, step, stage: 'erased', submittedAt, askAt, deadline, key, digest })
      }
    }
  }
}

/**
 * Finds the kept outcome of a call that was made elsewhere. After a regenerate or a generate, a later event may be of
 * another one, so only the newest event counts. A task has one validate.
 */
function outcomeOf (step: Step, outcomes: readonly OutcomeRow[], last: number): OutcomeRow | undefined {
  const free = outcomes.filter((one) => one.submission === null && isOutcomeOf(step, one.step))
  if (step === 'validate') return free.findLast((one) => one.step === step) ?? free.at(-1)
  return free.at(-1)?.seq === last ? free.at(-1) : undefined
}

function times (
  { askAfterMs, giveUpMs }: Patience, now: number
): Pick<SubmissionRow, 'submittedAt' | 'askAt' | 'deadline'> {
  const deadline = now + giveUpMs
  return { submittedAt: now, askAt: Math.min(now + askAfterMs, deadline), deadline }
}

function questions (table: SubmissionTable): Pick<SubmissionCalls<never>, 'claim' | 'pause'> {
  function ask (row: BoundRow, dueAt: number): BoundRow {
    return table.update(row, { dueAt, asked: row.asked + 1 })
  }

  /** Claims due submissions up to the limit. If one more is due, pauses until the oldest call leaves the window. */
  function claimDue ({ leaseMs, maxQuestions, maxCalls, windowMs }: ClaimOptions, now: number): BoundRow[] {
    if (maxQuestions === 0) return []
    const recent = table.callsAfter(now - windowMs)
    const room = Math.max(0, Math.min(maxQuestions - recent.questions, maxCalls - recent.calls))
    const due = table.due(now, false, room + 1)
    const claimed = due.slice(0, room).map((row) => ask(row, now + leaseMs))
    claimed.forEach(() => { table.recordCall(now, true) })
    if (due.length > room) table.pauseUntil((recent.oldest ?? now) + windowMs)
    return claimed
  }

  return {
    claim (options, now) {
      const dueAt = now + options.leaseMs
      const past = table.due(now, true, MAX_PAST_DEADLINE).map((row) => table.update(row, { dueAt }))
      return table.pausedUntil() > now ? past : [...past, ...claimDue(options, now)]
    },

    pause (until) {
      if (until > table.pausedUntil()) table.pauseUntil(until)
    }
  }
}
