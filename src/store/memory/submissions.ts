import { randomBytes } from 'node:crypto'
import { createSubmissions } from '../create-submissions.ts'
import { submissionCalls, type SubmissionCalls } from '../submission-calls.ts'
import type { EventLog } from '../submission-table.ts'
import type { Expected, Submissions } from '../submissions.ts'
import { firstClaim, memorySubmissionTable } from './submission-table.ts'
import type { Appended } from '../store.ts'

/** Submissions of a memory store. */
export interface MemorySubmissions extends Pick<SubmissionCalls<Appended>, 'append' | 'isForeign'> {
  readonly submissions: Submissions
  isEmpty (): boolean
  /** The newest submission of a task that is watched. */
  expected (taskId: string): Expected | undefined
  /** Forgets the submissions of a task. */
  forgetTask (taskId: string): void
  /** Forgets submissions from before a time that are not watched and whose task has no events. */
  forget (before: number, hasEvents: (taskId: string) => boolean): void
}

/** Parts of a store that its submissions are made of. */
export interface StoreParts {
  /** @throws {RelayError} `STORE_UNAVAILABLE` when the store is closed */
  readonly requireOpen: () => void
  readonly now: () => number
  readonly log: EventLog<Appended>
  readonly idOf: (taskId: string, seq: number) => string
}

/** Returns the submissions of a memory store; there are none yet. */
export function memorySubmissions ({ log, ...parts }: StoreParts): MemorySubmissions {
  const table = memorySubmissionTable()
  const calls = submissionCalls({ table, log })
  const signingKey = randomBytes(32).toString('base64url')

  const submissions = createSubmissions<Appended>({
    ...parts,
    call: async (method, ...args) => (calls[method] as (...args: unknown[]) => never)(...args),
    signingKey: () => signingKey,
    of: table.of,
    counts: () => ({ expected: table.watched.size, overdue: [...table.watched].filter(({ stage }) => stage === 'overdue').length }),
    nextDue: () => firstClaim(table.watched, table.pausedUntil()),
    toAppended: (kept) => kept
  })

  return {
    submissions,
    isForeign: calls.isForeign,
    append: calls.append,
    isEmpty: () => table.rows.size === 0,

    expected (taskId) {
      const row = table.of(taskId).find(({ dueAt }) => dueAt !== null)
      return row && { step: row.step, submittedAt: row.submittedAt, isOverdue: row.stage === 'overdue' }
    },

    forgetTask (taskId) {
      for (const row of table.of(taskId)) table.remove(row)
    },

    forget (before, hasEvents) {
      for (const row of table.rows.values()) {
        const isKept = row.submittedAt > before || row.dueAt !== null || (row.taskId !== null && hasEvents(row.taskId))
        if (!isKept) table.remove(row)
      }
    }
  }
}
