import { createSubmissions } from '../create-submissions.ts'
import { submissionCalls, type SubmissionCalls } from '../submission-calls.ts'
import type { EventLog } from '../submission-table.ts'
import { DAY_MS, type Expected, type Submissions } from '../submissions.ts'
import type { MemoryHistory } from './history.ts'
import { firstClaim, memorySubmissionTable, type MemorySubmissionData } from './submission-table.ts'
import type { Appended } from '../store.ts'

/** Submissions of a memory store. */
export interface MemorySubmissions
  extends Pick<SubmissionCalls<Appended>, 'append' | 'isForeign' | 'withToken' | 'erase'> {
  readonly submissions: Submissions
  /** The newest submission of a task that is watched. */
  expected (taskId: string): Expected | undefined
  /** Forgets submissions of a day before `now` that are not awaited and whose task has no events. */
  forget (now: number, hasEvents: (taskId: string) => boolean): void
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
    withToken: calls.withToken,
    append: calls.append,
    erase: calls.erase,

    expected (taskId) {
      const row = table.of(taskId).find(({ dueAt }) => dueAt !== null)
      return row && { step: row.step, submittedAt: row.submittedAt, isOverdue: row.stage === 'overdue' }
    },

    forget (now, hasEvents) {
      for (const row of data().byId.values()) {
        const { taskId, submittedAt, deadline, dueAt } = row
        const isAwaited = dueAt !== null || deadline > now || submittedAt > now - DAY_MS
        if (!isAwaited && !(taskId !== null && hasEvents(taskId))) table.remove(row)
      }
    }
  }
}
