import type { EventDraft } from '../../event.ts'
import { appendOnce, deliveryRejected } from '../delivery.ts'
import { submissionCalls, type SubmissionCalls } from '../submission-calls.ts'
import { submissionRejected } from '../submission-rule.ts'
import type { DatedDraft } from '../submission-table.ts'
import type { Appended } from '../store.ts'
import { outcomeOf, toAppended, type AddReply } from './items.ts'
import { APPEND } from './scripts.ts'
import type { StoreParts } from './parts.ts'
import type { Transactions } from './transaction.ts'
import type { AnyEvent, Kept } from './view-log.ts'
import type { View } from './view.ts'

/** Ways to append a draft. */
export interface Appender {
  /** Returns the rule for submissions in a transaction. */
  ruleOf (view: View): SubmissionCalls<Kept>
  append (taskId: string, draft: EventDraft): Promise<Appended>
  /**
   * Appends in a transaction, by the rules for deliveries and submissions.
   *
   * @param digest - digest of the body that was delivered
   */
  appendIn (view: View, taskId: string, draft: EventDraft, digest?: string): Kept
}

/** Creates the appends of a Redis store. */
export function redisAppender (parts: StoreParts, transactions: Transactions): Appender {
  const { writer, seed, clock, scriptTime, dedupeWindowMs, noteEpoch } = parts

  function appendIn (view: View, taskId: string, draft: EventDraft, digest?: string): Kept {
    const { log, deliveries } = view
    const rule = ruleOf(view)
    const dated = { ...draft, taskId, at: clock() }
    if (rule.isForeign({ ...draft.about, taskId })) throw submissionRejected()
    const append = (one: DatedDraft): Kept => rule.append(one, () => log.appendNew(one, dedupeWindowMs))
    const outcome = appendOnce<DatedDraft, AnyEvent>({ ...deliveries, append }, dated, digest)
    if (outcome === 'reject') throw deliveryRejected()
    return outcome
  }

  return {
    ruleOf,
    appendIn,

    async append (taskId, draft) {
      const { event, data, digest, about, delivery } = draft
      const relation = about === undefined ? '' : about.submission === undefined ? 'about' : 'named'
      const args = [scriptTime(), dedupeWindowMs, seed, taskId, event, data, digest, outcomeOf(draft), relation]
      if (delivery) args.push(delivery.key, delivery.onConflict, Math.ceil(delivery.expiresAt))
      const reply = await writer.call({ script: APPEND, args }) as AddReply | ['reject'] | ['about']
      if (reply[0] === 'reject') throw deliveryRejected()
      if (reply[0] === 'about') {
        const needs = { taskId, id: about?.submission, delivery }
        return transactions.append(taskId, needs, (view) => appendIn(view, taskId, draft))
      }
      if (reply[0] === 'kept') noteEpoch(reply[2])
      return toAppended(taskId, draft, reply)
    }
  }
}

function ruleOf ({ table, log }: View): SubmissionCalls<Kept> {
  return submissionCalls<Kept>({ table, log })
}
