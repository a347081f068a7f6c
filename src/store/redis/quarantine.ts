import { acceptOtherBody, type HeldDraft, type HeldSummary, type TaskEvent } from '../../event.ts'
import { deliveryRejected, holdOnce, quarantineFull } from '../delivery.ts'
import { submissionRejected } from '../submission-rule.ts'
import type { Quarantine } from '../store.ts'
import type { Appender } from './append.ts'
import { GET_HELD, LIST_HELD } from './read-scripts.ts'
import type { StoreParts } from './parts.ts'
import type { Transactions } from './transaction.ts'
import type { HeldAbout, View } from './view.ts'

/** Parts of a quarantine. */
export interface QuarantineParts {
  readonly parts: StoreParts
  readonly transactions: Transactions
  readonly appender: Pick<Appender, 'appendIn' | 'ruleOf'>
}

const LANE = 'quarantine'

/** Creates the quarantine of a Redis store. */
export function redisQuarantine ({ parts, transactions, appender }: QuarantineParts): Quarantine {
  const { requireOpen, ask, clock } = parts

  function holdIn (view: View, draft: HeldDraft): ReturnType<typeof holdOnce> {
    if (appender.ruleOf(view).isForeign({ ...draft, taskId: draft.signedTaskId })) throw submissionRejected()
    return holdOnce({
      ...view.deliveries,
      size: () => view.quarantine,
      ofSubmission: () => view.quarantine.siblings,
      insert ({ step, body, reason, digest, signedTaskId, submission }: HeldDraft, bytes, own) {
        const delivery = own && acceptOtherBody(own)
        const known = { at: clock(), step, reason, bytes, digest }
        const optional = { signedTaskId: signedTaskId ?? null, submission: submission ?? null }
        const about: HeldAbout = { ...known, ...optional, delivery }
        view.change('hold', JSON.stringify(about), body, bytes)
      }
    }, draft)
  }

  return {
    async hold (draft) {
      requireOpen()
      const needs = { held: 'new', delivery: draft.delivery, id: draft.submission } as const
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
      const { at, step, reason, bytes, signedTaskId, submission } = JSON.parse(text) as HeldAbout
      return { id, at, step, reason, bytes, signedTaskId, submission, body }
    },

    async release (id, taskId, draft) {
      requireOpen()
      return transactions.append(LANE, { held: id, taskId, id: draft.about?.submission }, (view) => {
        const { held } = view
        if (!held) return undefined
        view.change('removeHeld', id)
        const { delivery, digest, submission } = held
        const named = appender.ruleOf(view).withToken(draft, submission)
        return appender.appendIn(view, taskId, { ...named, delivery }, delivery && digest)
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
