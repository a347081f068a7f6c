import { randomBytes } from 'node:crypto'
import { createSubmissions, type SubmissionParts } from '../create-submissions.ts'
import { idAt } from '../event-id.ts'
import { submissionCalls, type SubmissionCalls } from '../submission-calls.ts'
import type { SubmissionRow } from '../submission-table.ts'
import type { Submissions } from '../submissions.ts'
import type { Appended, EventStore } from '../store.ts'
import { COUNTS, NEXT_DUE, ROWS, SECRET } from './read-scripts.ts'
import type { StoreParts } from './parts.ts'
import type { Needs, Transactions } from './transaction.ts'
import type { Kept } from './view-log.ts'
import type { View } from './view.ts'

type Calls = SubmissionCalls<never>
type Method = Exclude<keyof Calls, 'append' | 'isForeign' | 'withToken' | 'erase'>

/** State that a method needs. */
type NeedsOf = { readonly [M in Method]: (...args: Parameters<Calls[M]>) => Needs }

const NEEDS: NeedsOf = {
  reserve: ({ taskId, idempotency }) => ({ taskId, idempotencyKey: idempotency?.key, inserts: 1 }),
  expect: (id, taskId) => ({ id, taskId }),
  cancel: (id) => ({ id }),
  watch: ({ taskId }) => ({ taskId, inserts: 1 }),
  claim: (_options, now) => ({ due: now }),
  pause: () => ({}),
  overdue: (id) => ({ id }),
  answer: (id) => ({ id }),
  giveUp: (id) => ({ id })
}

const APPENDING: ReadonlySet<Method> = new Set(['overdue', 'answer', 'giveUp'])

/** Creates the submissions of a Redis store. */
export function redisSubmissions (
  { ask, clock, requireOpen }: StoreParts, transactions: Transactions, extent: EventStore['extent']
): Submissions {
  async function call (method: Method, ...args: unknown[]): Promise<unknown> {
    const needs = (NEEDS[method] as (...args: unknown[]) => Needs)(...args)
    const lane = needs.id ?? needs.taskId ?? 'calls'
    const work = ({ table, log }: View): undefined => {
      return (submissionCalls<Kept>({ table, log })[method] as (...args: unknown[]) => undefined)(...args)
    }
    return APPENDING.has(method) ? transactions.append(lane, needs, work) : transactions.run(lane, needs, work)
  }

  return createSubmissions<Appended>({
    requireOpen,
    now: clock,
    call: call as SubmissionParts<Appended>['call'],
    signingKey: async () => await ask(SECRET, randomBytes(32).toString('base64url')) as string,

    async of (taskId) {
      const rows = await ask(ROWS, taskId) as string[]
      return rows.map((row) => JSON.parse(row) as SubmissionRow).sort((a, b) => b.n - a.n)
    },

    async counts () {
      const [expected, overdue] = await ask(COUNTS) as [number, number]
      return { expected, overdue }
    },

    async nextDue () {
      const next = await ask(NEXT_DUE) as string | null
      return next === null ? undefined : Number(next)
    },

    idOf: async (taskId, seq) => idAt(await extent(taskId), seq),
    toAppended: (appended) => appended
  })
}
