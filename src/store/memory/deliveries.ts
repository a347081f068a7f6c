import { judge, type Verdict } from '../delivery.ts'
import type { Delivery, TaskEvent } from '../../event.ts'

/** What is known of a delivery before it is kept. */
export interface Judged {
  readonly verdict: Verdict
  /** The event that it became when it came first; undefined when it became none, or that one was trimmed. */
  readonly first: TaskEvent | undefined
  /** true: its callback went into quarantine. */
  readonly held: boolean
}

/** The keys of deliveries, in memory. */
export interface MemoryDeliveries {
  judge (delivery: Delivery, digest: string): Judged
  /** Remembers a delivery, and forgets the oldest ones as far as they have expired. */
  remember (delivery: Delivery, digest: string, event?: TaskEvent): void
}

interface Seen {
  readonly digest: string
  readonly event: TaskEvent | undefined
  readonly expiresAt: number
}

/** @param isKept - whether an event was not trimmed yet */
export function memoryDeliveries (isKept: (event: TaskEvent) => boolean): MemoryDeliveries {
  const deliveries = new Map<string, Seen>()

  function prune (): void {
    for (const [key, { expiresAt }] of deliveries) {
      if (expiresAt >= Date.now()) return
      deliveries.delete(key)
    }
  }

  return {
    judge (delivery, digest) {
      const seen = deliveries.get(delivery.key)
      const first = seen?.event && isKept(seen.event) ? seen.event : undefined
      return { verdict: judge(seen?.digest, digest, delivery), first, held: seen !== undefined && seen.event === undefined }
    },

    remember ({ key, expiresAt }, digest, event) {
      prune()
      deliveries.set(key, { digest, event, expiresAt })
    }
  }
}
