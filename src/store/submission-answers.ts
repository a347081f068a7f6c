import type { EventDraft } from '../event.ts'
import { isReady, type MaySettle, type RuleParts, type SubmissionRule } from './submission-rule.ts'
import type { BoundRow, DatedDraft, OutcomeRow } from './submission-table.ts'
import type { Answer } from './submissions.ts'

// Suno may go on showing the former outcome of a task for so long after a submission.
const FORMER_MS = 60_000

/** Writing methods of `Submissions` that append events. Times are in milliseconds since 1970. */
export interface SubmissionAnswers<Kept> {
  overdue (id: string, draft: EventDraft, now: number): Kept | undefined
  answer (id: string, answer: Answer, now: number): Kept | undefined
  giveUp (id: string, draft: EventDraft, now: number): Kept | undefined
}

/** Returns the writing methods that append events about a submission: overdue, answered, given up. */
export function submissionAnswers<Kept extends MaySettle> (
  { table, log }: Pick<RuleParts<Kept>, 'table' | 'log'>, rule: Pick<SubmissionRule<Kept>, 'settle' | 'same'>
): SubmissionAnswers<Kept> {
  function tell (row: BoundRow, draft: EventDraft, now: number): Kept {
    return log.append({ ...draft, taskId: row.taskId, at: now })
  }

  function watched (id: string): BoundRow | undefined {
    const row = table.byId(id)
    return row?.dueAt == null ? undefined : row as BoundRow
  }

  /** Returns whether Suno may show the outcome of before the submission. A failure may repeat, a phrase does not. */
  function isFormer (row: BoundRow, { event, at }: DatedDraft, former: readonly OutcomeRow[]): boolean {
    if (row.hasProgressed === 1 || former.length === 0) return false
    return at - row.submittedAt < FORMER_MS || (isReady(event) && !former.every((one) => mayBeOwn(row, one)))
  }

  /** Returns whether an event from before the watch may be of a call that was made elsewhere: it named no task here. */
  function mayBeOwn ({ step, namedTaskId }: BoundRow, former: OutcomeRow): boolean {
    return namedTaskId === null && step !== 'validate' && step === former.step && former.submission === null
  }

  function takeOutcome (row: BoundRow, draft: DatedDraft, meaning: string): Kept | undefined {
    const { own, former } = rule.same(row, meaning)
    if (!own && isFormer(row, draft, former)) return undefined
    const kept = rule.settle(row, own ? log.repeat(row.taskId, own.seq) : log.append(draft))
    return own ? undefined : kept
  }

  /** Records progress. Returns whether it has changed. */
  function takeProgress (row: BoundRow, progress: string | undefined): boolean {
    if (progress === undefined || progress === row.progress) return false
    table.update(row, { progress, hasProgressed: 1 })
    return true
  }

  return {
    overdue (id, draft, now) {
      const row = watched(id)
      if (row?.stage !== 'expected') return undefined
      table.update(row, { stage: 'overdue' })
      return tell(row, draft, now)
    },

    answer (id, { draft, progress, nextMs }, now) {
      const row = table.byId(id) as BoundRow | undefined
      if (row?.dueAt == null && row?.stage !== 'timed-out') return undefined
      const next = row.dueAt === null
        ? row
        : table.update(row, { dueAt: Math.min(now + nextMs, row.deadline) })
      const meaning = draft?.about?.meaning
      if (draft && meaning !== undefined) return takeOutcome(next, { ...draft, taskId: next.taskId, at: now }, meaning)
      const hasChanged = next.dueAt !== null && takeProgress(next, progress ?? draft?.about?.progress)
      return draft && hasChanged ? tell(next, draft, now) : undefined
    },

    giveUp (id, draft, now) {
      const row = watched(id)
      if (!row) return undefined
      table.update(row, { stage: 'timed-out', dueAt: null })
      return tell(row, draft, now)
    }
  }
}
