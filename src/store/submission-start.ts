import type { Step } from '../../schemas/callback.ts'
import type { BoundRow, EventLog, OutcomeRow, SubmissionRow, SubmissionTable } from './submission-table.ts'

/** Beginning of the watch over submissions whose task is known. */
export interface SubmissionStart {
  /** Names the task of a submission, and ends the watch over older ones of the same task and kind. */
  bind (row: SubmissionRow, taskId: string): BoundRow
  /**
   * Begins to watch over a submission, and ends the watch over older ones of the same task and kind. An outcome without
   * a token that came before its task was known settles it. A newer submission supersedes it.
   */
  begin (row: BoundRow): BoundRow
  /** Settles a submission by an outcome that came before the watch. */
  settle (row: BoundRow, outcome: OutcomeRow): BoundRow
  /** Returns the place of the next submission of the same task and kind. Later events belong to that submission. */
  endOf (row: BoundRow): number
}

/** Returns whether two steps share one record at Suno, as validate and regenerate do. It shows the newer outcome. */
export function isSameKind (one: Step, other: Step): boolean {
  return (one === 'generate') === (other === 'generate')
}

/**
 * Returns whether an outcome without a token may be one of a submission. The URL `/callback` counts as a regenerate,
 * also for a validate. A callback of a validate says nothing of a regenerate: its phrase may be the former one.
 */
export function isOutcomeOf (submitted: Step, step: Step): boolean {
  return step === submitted || (submitted === 'validate' && step === 'regenerate')
}

/** Returns the beginning over the submissions and the events of a store. */
export function submissionStart (table: SubmissionTable, log: EventLog<unknown>): SubmissionStart {
  function supersede (row: BoundRow): void {
    const older = table.of(row.taskId).filter(({ n, step }) => n < row.n && isSameKind(step, row.step))
    for (const other of older) if (other.dueAt !== null) table.update(other, { stage: 'superseded', dueAt: null })
  }

  function endOf ({ taskId, step, n, place }: BoundRow): number {
    const newer = table.of(taskId).filter((other) => isSameKind(other.step, step) && other.n > n)
    // A watch that began later, and that an earlier outcome has settled, starts before this submission.
    return newer.findLast((other) => other.place >= place)?.place ?? Infinity
  }

  function findEarly (row: BoundRow): OutcomeRow | undefined {
    const end = endOf(row)
    return log.outcomes(row.taskId).find(({ seq, step, submission }) => {
      return submission === null && seq > row.place && seq <= end && isOutcomeOf(row.step, step)
    })
  }

  function settle (row: BoundRow, { seq }: OutcomeRow): BoundRow {
    log.attribute(row.taskId, seq, row.n)
    return table.update(row, { stage: 'settled' })
  }

  return {
    endOf,
    settle,

    bind (row, taskId) {
      const place = row.namedTaskId === taskId ? row.place : log.lastBefore(taskId, row.submittedAt)
      const bound = table.update(row, { taskId, place }) as BoundRow
      supersede(bound)
      return bound
    },

    begin (row) {
      supersede(row)
      const early = findEarly(row)
      if (early) return settle(row, early)
      if (endOf(row) < Infinity) return table.update(row, { stage: 'superseded' })
      return table.update(row, { stage: 'expected', dueAt: row.askAt })
    }
  }
}
