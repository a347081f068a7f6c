import { createSubmissions } from '../create-submissions.ts'
import { submissionCalls, type SubmissionCalls } from '../submission-calls.ts'
import type { EventLog } from '../submission-table.ts'
import type { Expected, Submissions } from '../submissions.ts'
import type { MemoryHistory } from './history.ts'
import { firstClaim, memorySubmissionTable, type MemorySubmissionData } from './submission-table.ts'
import type { Appended } from '../store.ts'

/** Submissions of a memory store. */
export interface MemorySubmissions extends Pick<SubmissionCalls<Appended>, 'append' | 'isForeign'> {
  readonly submissions: Submissions
  /** The newest submission of a task that is watched. */
  expected (taskId: string): Expected | undefined
  /** Removes the submissions of a task. */
  forgetTask (taskId: string): void
  /** Forgets submissions from before a time that are not watched and whose task has no events. */
  forget (before: number, hasEvents: (taskId: string) => boolean): void
}

/** Parts of a store that its submissions are made of. */
export interface StoreParts {
  /** @throws {RelayError} `STORE_UNAVAILABLE` when the store is closed */
  readonly requireOpen: () => void
  readonly now: () => number
  readonly history: MemoryHistory
  readonly log: EventLog<Appended>
  readonly idOf: (taskId: string, seq: number) => string
}

/** Creates the submissions of a memory store. */
export function memorySubmissions ({ history, log, ...parts }: StoreParts): MemorySubmissions {
  const data = (): MemorySubmissionData => history.submissions
  const table = memorySubmissionTable(data)
  const calls = submissionCalls({ table, log })

  const submissions = createSubmissions<Appended>({
    ...parts,
    call: async (method, ...args) => (calls[method] as (...args: unknown[]) => never)(...args),
    signingKey: () => data().signingKey,
    of: table.of,

    counts () {
      const watched = [...data().watched]
      return { expected: watched.length, overdue: watched.filter(({ stage }) => stage === 'overdue').length }
    },

    nextDue: () => firstClaim(data()),
    toAppended: (kept) => kept
  })

  return {
    submissions,
    isForeign: calls.isForeign,
    append: calls.append,

    expected (taskId) {
      const row = table.of(taskId).find(({ dueAt }) => dueAt !== null)
      return row && { step: row.step, submittedAt: row.submittedAt, isOverdue: row.stage === 'overdue' }
    },

    forgetTask (taskId) {
      for (const row of [...table.of(taskId)]) table.remove(row)
    },

    forget (before, hasEvents) {
      for (const row of data().byId.values()) {
        const isKept = row.submittedAt > before || row.dueAt !== null || (row.taskId !== null && hasEvents(row.taskId))
        if (!isKept) table.remove(row)
      }
    }
  }
}
