import { deliveryRefused } from '../delivery.ts'
import type { MemoryDeliveries } from './deliveries.ts'
import { acceptOtherBody, type EventDraft, type Held, type HeldDraft } from '../../event.ts'
import { hasRoom, quarantineFull } from '../quarantine-limit.ts'
import type { Appended, Quarantine } from '../store.ts'

const NEW = { verdict: 'first', first: undefined, held: false } as const

/** The quarantine of a memory store. */
export interface MemoryQuarantine extends Quarantine {
  /** Forgets what is held since a time or longer, in milliseconds since 1970. */
  forget (before: number): void
}

/** What a quarantine shares with the store that it belongs to. */
export interface StoreParts {
  /** @throws {RelayError} `STORE_UNAVAILABLE` when the store is closed */
  readonly open: () => void
  readonly now: () => number
  readonly deliveries: MemoryDeliveries
  readonly append: (taskId: string, draft: EventDraft, digest?: string) => Appended
}

/** Makes an empty quarantine. */
export function memoryQuarantine ({ open, now, deliveries, append }: StoreParts): MemoryQuarantine {
  const callbacks = new Map<number, Held>()
  const own = new Map<number, Pick<HeldDraft, 'delivery' | 'digest'>>()
  let last = 0
  let weight = 0

  function remove (id: number): boolean {
    weight -= callbacks.get(id)?.bytes ?? 0
    own.delete(id)
    return callbacks.delete(id)
  }

  return {
    async hold ({ step, body, reason, digest, signedTaskId = null, delivery }) {
      open()
      const { verdict, first, held } = delivery ? deliveries.judge(delivery, digest) : NEW
      if (verdict === 'refused') throw deliveryRefused()
      if (verdict === 'repeat' && (first || held)) return first
      const bytes = Buffer.byteLength(body)
      if (!hasRoom(callbacks.size + 1, weight + bytes)) throw quarantineFull()
      callbacks.set(++last, { id: last, at: now(), step, reason, bytes, signedTaskId, body })
      weight += bytes
      if (delivery && verdict !== 'kept') {
        deliveries.remember(delivery, digest)
        own.set(last, { digest, delivery: acceptOtherBody(delivery) })
      }
    },

    async list () {
      open()
      return [...callbacks.values()].map(({ id, at, step, reason, bytes }) => ({ id, at, step, reason, bytes }))
    },

    async get (id) {
      open()
      return callbacks.get(id)
    },

    async release (id, taskId, draft) {
      open()
      const { delivery, digest } = own.get(id) ?? {}
      return remove(id) ? append(taskId, { ...draft, delivery }, digest) : undefined
    },

    async drop (id) {
      open()
      return remove(id)
    },

    forget (before) {
      for (const { id, at } of callbacks.values()) if (at <= before) remove(id)
    }
  }
}
