import { deliveryRejected, holdOnce, quarantineFull, type DeliveryTable } from '../delivery.ts'
import { acceptOtherBody, type EventDraft, type Held, type HeldDraft, type TaskEvent } from '../../event.ts'
import type { Appended, Quarantine } from '../store.ts'

/** Quarantine of a memory store. */
export interface MemoryQuarantine extends Quarantine {
  /** Removes the callbacks that came at or before a time, in milliseconds since 1970. */
  forget (before: number): void
}

/** Parts that a quarantine shares with its store. */
export interface StoreParts {
  /** @throws {RelayError} `STORE_UNAVAILABLE` when the store is closed */
  readonly requireOpen: () => void
  readonly now: () => number
  readonly deliveries: DeliveryTable<TaskEvent>
  readonly append: (taskId: string, draft: EventDraft, digest?: string) => Appended
}

/** Creates an empty quarantine. */
export function memoryQuarantine ({ requireOpen, now, deliveries, append }: StoreParts): MemoryQuarantine {
  const callbacks = new Map<number, Held>()
  const own = new Map<number, Pick<HeldDraft, 'delivery' | 'digest'>>()
  let lastId = 0
  let totalBytes = 0

  function remove (id: number): boolean {
    totalBytes -= callbacks.get(id)?.bytes ?? 0
    own.delete(id)
    return callbacks.delete(id)
  }

  const steps = {
    ...deliveries,
    size: () => ({ count: callbacks.size, bytes: totalBytes }),
    insert ({ step, body, reason, digest, signedTaskId }: HeldDraft, bytes: number, delivery: HeldDraft['delivery']) {
      const id = ++lastId
      callbacks.set(id, { id, at: now(), step, reason, bytes, signedTaskId: signedTaskId ?? null, body })
      totalBytes += bytes
      if (delivery) own.set(id, { digest, delivery: acceptOtherBody(delivery) })
    }
  }

  return {
    async hold (held) {
      requireOpen()
      const outcome = holdOnce(steps, held)
      if (outcome === 'reject') throw deliveryRejected()
      if (outcome === 'full') throw quarantineFull()
      return outcome === 'held' ? undefined : outcome
    },

    async list () {
      requireOpen()
      return [...callbacks.values()].map(({ id, at, step, reason, bytes }) => ({ id, at, step, reason, bytes }))
    },

    async get (id) {
      requireOpen()
      return callbacks.get(id)
    },

    async release (id, taskId, draft) {
      requireOpen()
      const { delivery, digest } = own.get(id) ?? {}
      return remove(id) ? append(taskId, { ...draft, delivery }, digest) : undefined
    },

    async drop (id) {
      requireOpen()
      return remove(id)
    },

    forget (before) {
      for (const { id, at } of callbacks.values()) if (at <= before) remove(id)
    }
  }
}
