import type { Erased } from '../store.ts'
import type { Appender } from './append.ts'
import type { StoreParts } from './parts.ts'
import type { Transactions } from './transaction.ts'

// Of one task. Their requests stay known by new records.
const MAX_SUBMISSIONS = 1000

type ErasedReply = [events: number, callbacks: number, epoch: string]

/** Parts of an erasure. */
export interface EraseParts extends Pick<StoreParts, 'noteEpoch'> {
  readonly transactions: Transactions
  readonly appender: Pick<Appender, 'ruleOf'>
}

/** Erases a task. See {@link EventStore.erase}. */
export async function erase (
  { transactions, appender, noteEpoch }: EraseParts, taskId: string, held: readonly number[]
): Promise<Erased> {
  const { events: [reply] } = await transactions.runAll<void, ErasedReply>(
    taskId, { taskId, inserts: MAX_SUBMISSIONS }, (view) => {
      appender.ruleOf(view).erase(taskId)
      view.change('erase', taskId, ...held)
    }
  )
  const [events, callbacks, epoch] = reply as ErasedReply
  noteEpoch(epoch)
  return { events, callbacks }
}
