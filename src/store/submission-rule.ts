import type { Step } from '../../schemas/callback.ts'
import type { EventName } from '../../schemas/event.ts'
import { RelayError } from '../errors.ts'
import type { About, EventDraft } from '../event.ts'
import type { Settled } from './appended.ts'
import { isOutcomeOf, type SubmissionStart } from './submission-start.ts'
import type { BoundRow, DatedDraft, EventLog, OutcomeRow, SubmissionTable } from './submission-table.ts'

/** Result of an append that may have settled a submission. */
export interface MaySettle {
  readonly event: { readonly seq: number }
  /** true: nothing was appended, and `event` is the earlier event. */
  readonly duplicate: boolean
  readonly settled?: Settled
}

/** Use of a callback URL's token, if it has one. */
export interface TokenUse {
  /** Id of the reservation that the token proves. */
  readonly submission?: string | undefined
  readonly step?: Step
  /** Undefined if the callback's task is unknown. */
  readonly taskId?: string | undefined
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
  /** Returns whether a token belongs to another task or step, or to none. Its callback must be rejected. */
  isForeign (use: TokenUse): boolean
  /** Returns the draft of a held callback with the reservation of its token, unless that was forgotten since. */
  withToken (draft: EventDraft, submission: string | null): EventDraft
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
}

const READY: ReadonlySet<EventName> = new Set<EventName>(['phrase-ready', 'voice-ready'])

/** Returns the error for a callback under the token of a submission of another task or step. */
export function submissionRejected (): RelayError {
  return new RelayError('CALLBACK_UNAUTHENTIC', 'Cannot keep the callback: its token belongs to another task or step')
}

/** Returns whether an event is a phrase or a voice, and no failure. */
export function isReady (name: EventName): boolean {
  return READY.has(name)
}

/** Parts of a store that the rule reads and changes. */
export interface RuleParts<Kept> {
  readonly table: SubmissionTable
  readonly log: EventLog<Kept>
  readonly start: SubmissionStart
}

/** Returns the rule over the submissions and the events of a store. */
export function submissionRule<Kept extends MaySettle> (
  { table, log, start }: RuleParts<Kept>
): SubmissionRule<Kept> {
  function isForeign ({ submission, step, taskId }: TokenUse): boolean {
    if (submission === undefined) return false
    const row = table.byId(submission)
    // The record of a token outlives it, unless the submission was cancelled or erased.
    if (!row || row.stage === 'erased' || row.step !== step) return true
    return row.taskId !== null && taskId !== undefined && taskId !== row.taskId
  }

  function withToken (draft: EventDraft, submission: string | null): EventDraft {
    const { about } = draft
    if (!about || submission === null || !table.byId(submission)) return draft
    return { ...draft, about: { ...about, submission } }
  }

  /** Finds the submission that a draft may be about, and binds it to the draft's task. */
  function find (draft: DatedDraft, { step, meaning, submission }: About): BoundRow | undefined {
    const row = submission === undefined ? undefined : table.byId(submission)
    if (!row) {
      const rows = table.of(draft.taskId)
      const known = rows.find((row) => row.step === step)
      return known ?? rows.find((row) => isAwaited(row) && isOutcomeOf(row.step, step))
    }
    if (row.taskId !== null) return row as BoundRow
    const bound = start.bind(row, draft.taskId)
    return meaning === undefined ? start.begin(bound) : bound
  }

  function same (row: BoundRow, meaning: string): Same {
    const end = start.endOf(row)
    const equal = log.outcomes(row.taskId).filter((event) => event.meaning === meaning)
    const isOwn = ({ seq, step, submission }: OutcomeRow): boolean => {
      if (submission !== null) return submission === row.n
      return isOutcomeOf(row.step, step) && seq > row.place && seq <= end
    }
    const isFormer = ({ seq, step, submission }: OutcomeRow): boolean => {
      if (seq <= row.place) return true
      return submission === null ? !isOutcomeOf(row.step, step) : submission < row.n
    }
    return { own: equal.find(isOwn), former: equal.filter(isFormer) }
  }

  function settle (row: BoundRow, kept: Kept): Kept {
    log.attribute(row.taskId, kept.event.seq, row.n)
    if (row.stage === 'settled') return kept
    table.update(row, { stage: 'settled', dueAt: null })
    return { ...kept, settled: { step: row.step, submittedAt: row.submittedAt } }
  }

  function progress (row: BoundRow, about: About): void {
    if (row.stage === 'settled') return
    // Without a token it may be a late resend from before the submission.
    const hasProgressed = about.submission === undefined ? row.hasProgressed : 1
    table.update(row, { hasProgressed, progress: about.progress ?? row.progress })
  }

  function append (draft: DatedDraft, keep: () => Kept): Kept {
    const { about } = draft
    const row = about && find(draft, about)
    if (!row) return keep()
    const { step, meaning, submission } = about
    if (meaning === undefined) {
      progress(row, about)
      return keep()
    }
    const { own, former } = same(row, meaning)
    if (own) return settle(row, log.repeat(row.taskId, own.seq))
    const resent = submission === undefined ? former.find((event) => event.step === step) : undefined
    if (!resent) return settle(row, log.append(draft))
    // An equal phrase or voice is always a resend. An equal failure is one within the deduplication window only.
    if (isReady(draft.event)) return log.repeat(row.taskId, resent.seq)
    const kept = keep()
    return kept.duplicate ? kept : settle(row, kept)
  }

  return { isForeign, withToken, append, settle, same }
}

/** Returns whether an outcome would settle a submission that has none. */
function isAwaited ({ stage, dueAt }: BoundRow): boolean {
  return dueAt !== null || stage === 'timed-out'
}
