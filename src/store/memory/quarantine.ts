import { deliveryRejected, holdOnce, quarantineFull, type DeliveryTable } from '../delivery.ts'
import { acceptOtherBody, type EventDraft, type HeldDraft, type TaskEvent } from '../../event.ts'
import type { MemoryHistory } from './history.ts'
import type { Appended, Quarantine } from '../store.ts'
import type { SubmissionCalls } from '../submission-calls.ts'
import { submissionRejected } from '../submission-rule.ts'

/** Parts that a quarantine shares with its store. */
export interface StoreParts {
  readonly history: MemoryHistory
  /** @throws {RelayError} `STORE_UNAVAILABLE` when the store is closed */
  readonly requireOpen: () => void
  readonly now: () => number
  readonly deliveries: DeliveryTable<TaskEvent>
  readonly append: (taskId: string, draft: EventDraft, digest?: string) => Appended
  readonly rule: Pick<SubmissionCalls<Appended>, 'isForeign' | 'withToken'>
}

/** Creates the quarantine of a memory store. */
export function memoryQuarantine ({ history, requireOpen, now, deliveries, append, rule }: StoreParts): Quarantine {
  const { held } = history
  const steps = {
    ...deliveries,

    size () {
      let bytes = 0
      for (const one of held.values()) bytes += one.bytes
      return { count: held.size, bytes }
    },

    ofSubmission: (submission: string) => [...held.values()].filter((one) => one.submission === submission),

    insert ({ signedTaskId, submission, ...draft }: HeldDraft, bytes: number, own: HeldDraft['delivery']) {
      const id = ++history.lastHeldId
      const delivery = own && acceptOtherBody(own)
      const optional = { signedTaskId: signedTaskId ?? null, submission: submission ?? null }
      held.set(id, { ...draft, ...optional, id, at: now(), bytes, delivery })
    }
  }

  return {
    async hold (draft) {
      requireOpen()
      if (rule.isForeign({ ...draft, taskId: draft.signedTaskId })) throw submissionRejected()
      const outcome = holdOnce(steps, draft)
      if (outcome === 'reject') throw deliveryRejected()
      if (outcome === 'full') throw quarantineFull()
      return outcome === 'held' ? undefined : outcome
    },

    async list () {
      requireOpen()
      return [...held.values()].map(({ id, at, step, reason, bytes }) => ({ id, at, step, reason, bytes }))
    },

    async get (id) {
      requireOpen()
      const one = held.get(id)
      if (!one) return undefined
      const { digest: _, delivery: __, ...callback } = one
      return callback
    },

    async release (id, taskId, draft) {
      requireOpen()
      const one = held.get(id)
      if (!one) return undefined
      const { delivery, digest, submission } = one
      const appended = append(taskId, { ...rule.withToken(draft, submission), delivery }, delivery && digest)
      held.delete(id)
      return appended
    },

    async drop (id) {
      requireOpen()
      return held.delete(id)
    }
  }
}
