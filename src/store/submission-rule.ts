import type { Step } from '../../schemas/callback.ts'
import { RelayError } from '../errors.ts'
import type { About } from '../event.ts'
import type { Settled } from './appended.ts'
import type { BoundRow, DatedDraft, EventLog, OutcomeRow, SubmissionRow, SubmissionTable } from './submission-table.ts'

/** Result of an append that may have settled a submission. */
export interface MaySettle {
  readonly event: { readonly seq: number }
  /** true: nothing was appended, and `event` is the earlier event. */
  readonly duplicate: boolean
  readonly settled?: Settled
}

/** Events of a task that are equal to an outcome. */
interface Same {
  /** Event of the submission itself. */
  readonly own: OutcomeRow | undefined
  /** Earlier events, of any step: Suno may show the phrase of a validate until the regenerate has a new one. */
  readonly former: readonly OutcomeRow[]
}

/** Rule by which outcomes settle submissions. Every store uses it. */
export interface SubmissionRule<Kept extends MaySettle> {
  /** Returns whether the token of a draft belongs to another task or step. Such a draft must be rejected. */
  isForeign (draft: DatedDraft): boolean
  /**
   * Appends a draft that may be about a submission, and settles the submission by its outcome.
   *
   * @param keep - appends the draft as if there were no submissions
   */
  append (draft: DatedDraft, keep: () => Kept): Kept
  /** Settles a submission by an event of its task, unless it is settled. */
  settle (row: BoundRow, kept: Kept): Kept
  /** Finds the events that are equal to an outcome. */
  same (row: BoundRow, meaning: string): Same
  /** Names the task of a submission, and ends the watch over older ones of the same task and kind. */
  bind (row: SubmissionRow, taskId: string): BoundRow
  /** Ends the watch over older submissions of the same task and kind. */
  supersede (row: BoundRow): void
}

const READY = new Set(['phrase-ready', 'voice-ready'])

/** Returns the error for a callback under the token of a submission of another task or step. */
export function submissionRejected (): RelayError {
  return new RelayError('CALLBACK_UNAUTHENTIC', 'Cannot keep the callback: its token belongs to another task or step')
}

/** Returns whether two steps share one record at Suno, as validate and regenerate do. It shows the newer outcome. */
export function isSameKind (one: Step, other: Step): boolean {
  return (one === 'generate') === (other === 'generate')
}

/** Returns the rule over the submissions and the events of a store. */
export function submissionRule<Kept extends MaySettle> (
  table: SubmissionTable, log: EventLog<Kept>
): SubmissionRule<Kept> {
  function bind (row: SubmissionRow, taskId: string): BoundRow {
    const place = row.namedTaskId === taskId ? row.place : log.lastBefore(taskId, row.submittedAt)
    const bound = table.update(row, { taskId, place }) as BoundRow
    supersede(bound)
    return bound
  }

  function supersede (row: BoundRow): void {
    const older = table.of(row.taskId).filter(({ n, step }) => n < row.n && isSameKind(step, row.step))
    for (const other of older) if (isOpen(other)) table.update(other, { stage: 'superseded', dueAt: null })
  }

  /** Returns the submission whose token authenticated a draft. */
  function named ({ about }: DatedDraft): SubmissionRow | undefined {
    return about?.submission === undefined ? undefined : table.byId(about.submission)
  }

  function isForeign (draft: DatedDraft): boolean {
    const row = named(draft)
    // The record of a token outlives it, unless the submission was cancelled or erased.
    if (!row) return draft.about?.submission !== undefined
    return row.step !== draft.about?.step || (row.taskId ?? draft.taskId) !== draft.taskId
  }

  /** Finds the submission of a draft, and binds it to the draft's task. */
  function find (draft: DatedDraft): BoundRow | undefined {
    const row = named(draft)
    if (!row) return table.of(draft.taskId).find(({ step }) => step === draft.about?.step)
    return row.taskId === null ? bind(row, draft.taskId) : row as BoundRow
  }

  /** Returns the place of the next submission of the same task and kind. Later events belong to that submission. */
  function endOf ({ taskId, step, n }: BoundRow): number {
    return table.of(taskId).findLast((other) => isSameKind(other.step, step) && other.n > n)?.place ?? Infinity
  }

  function same (row: BoundRow, meaning: string): Same {
    const end = endOf(row)
    const equal = log.outcomes(row.taskId).filter((event) => event.meaning === meaning)
    const isOwn = ({ seq, step, submission }: OutcomeRow): boolean => {
      return submission === null ? step === row.step && seq > row.place && seq <= end : submission === row.n
    }
    const isFormer = ({ seq, step, submission }: OutcomeRow): boolean => {
      return submission === null ? step !== row.step || seq <= row.place : submission < row.n
    }
    return { own: equal.find(isOwn), former: equal.filter(isFormer) }
  }

  function settle (row: BoundRow, kept: Kept): Kept {
    log.attribute(row.taskId, kept.event.seq, row.n)
    if (row.stage === 'settled') return kept
    table.update(row, { stage: 'settled', dueAt: null })
    return { ...kept, settled: { step: row.step, submittedAt: row.submittedAt } }
  }

  function progress (row: BoundRow, { about }: DatedDraft): void {
    if (row.stage === 'settled') return
    // Without a token it may be a late resend from before the submission.
    const hasProgressed = about?.submission === undefined ? row.hasProgressed : 1
    table.update(row, { hasProgressed, progress: about?.progress ?? row.progress })
  }

  function append (draft: DatedDraft, keep: () => Kept): Kept {
    const row = draft.about && find(draft)
    if (!row) return keep()
    const { step, meaning, submission } = draft.about as About
    if (meaning === undefined) {
      progress(row, draft)
      return keep()
    }
    const { own, former } = same(row, meaning)
    if (own) return settle(row, log.repeat(row.taskId, own.seq))
    const resent = submission === undefined ? former.find((event) => event.step === step) : undefined
    if (!resent) return settle(row, log.append(draft))
    // An equal phrase or voice is always a resend. An equal failure is one within the deduplication window only.
    if (READY.has(draft.event)) return log.repeat(row.taskId, resent.seq)
    const kept = keep()
    return kept.duplicate ? kept : settle(row, kept)
  }

  return { isForeign, append, settle, same, bind, supersede }
}

function isOpen ({ stage }: SubmissionRow): boolean {
  return stage === 'reserved' || stage === 'expected' || stage === 'overdue'
}
