import { acceptOtherBody, type HeldDraft, type HeldSummary, type TaskEvent } from '../../event.ts'
import { deliveryRejected, holdOnce, quarantineFull } from '../delivery.ts'
import type { EventDraft } from '../../event.ts'
import type { Quarantine } from '../store.ts'
import { GET_HELD, LIST_HELD } from './read-scripts.ts'
import type { StoreParts } from './parts.ts'
import type { Transactions } from './transaction.ts'
import type { Kept } from './view-log.ts'
import type { HeldAbout, View } from './view.ts'

/** Parts of a quarantine. */
export interface QuarantineParts {
  readonly parts: StoreParts
  readonly transactions: Transactions
  /** Appends a draft in a transaction, by the rules for deliveries and submissions. */
  readonly append: (view: View, taskId: string, draft: EventDraft, digest?: string) => Kept
}

const LANE = 'quarantine'

/** Creates the quarantine of a Redis store. */
export function redisQuarantine ({ parts, transactions, append }: QuarantineParts): Quarantine {
  const { requireOpen, ask, clock } = parts

  function holdIn (view: View, draft: HeldDraft): ReturnType<typeof holdOnce> {
    return holdOnce({
      ...view.deliveries,
      size: () => view.size,
      insert ({ step, body, reason, digest, signedTaskId }: HeldDraft, bytes, own) {
        const delivery = own && acceptOtherBody(own)
        const known = { at: clock(), step, reason, bytes, digest }
        const about: HeldAbout = { ...known, signedTaskId: signedTaskId ?? null, delivery }
        view.change('hold', JSON.stringify(about), body, bytes)
      }
    }, draft)
  }

  return {
    async hold (draft) {
      requireOpen()
      const needs = { held: 'new', delivery: draft.delivery } as const
      const outcome = await transactions.run(LANE, needs, (view) => holdIn(view, draft))
      if (outcome === 'reject') throw deliveryRejected()
      if (outcome === 'full') throw quarantineFull()
      return outcome === 'held' ? undefined : outcome as TaskEvent
    },

    async list () {
      requireOpen()
      const reply = await ask(LIST_HELD) as string[]
      const all: HeldSummary[] = []
      for (let i = 0; i < reply.length; i += 2) {
        const { at, step, reason, bytes } = JSON.parse(reply[i + 1] as string) as HeldAbout
        all.push({ id: Number(reply[i]), at, step, reason, bytes })
      }
      return all.sort((a, b) => a.id - b.id)
    },

    async get (id) {
      requireOpen()
      const [text, body] = await ask(GET_HELD, id) as [string | null, string]
      if (text === null) return undefined
      const { at, step, reason, bytes, signedTaskId } = JSON.parse(text) as HeldAbout
      return { id, at, step, reason, bytes, signedTaskId, body }
    },

    async release (id, taskId, draft) {
      requireOpen()
      return transactions.append(LANE, { held: id, taskId, id: draft.about?.submission }, (view) => {
        const { held } = view
        if (!held) return undefined
        view.change('removeHeld', id)
        return append(view, taskId, { ...draft, delivery: held.delivery }, held.delivery && held.digest)
      })
    },

    async drop (id) {
      requireOpen()
      return transactions.run(LANE, { held: id }, ({ held, change }) => {
        if (held) change('removeHeld', id)
        return held !== undefined
      })
    }
  }
}
