import type { DeliveryLookup, DeliveryTable } from '../delivery.ts'
import type { TaskEvent } from '../../event.ts'

interface Entry extends DeliveryLookup<TaskEvent> {
  readonly expiresAt: number
}

/**
 * Creates the table of delivery keys of a memory store.
 *
 * @param isKept - whether an event is still kept
 */
export function memoryDeliveries (isKept: (event: TaskEvent) => boolean): DeliveryTable<TaskEvent> {
  const entries = new Map<string, Entry>()

  function prune (): void {
    for (const [key, { expiresAt }] of entries) {
      if (expiresAt >= Date.now()) return
      entries.delete(key)
    }
  }

  return {
    lookup (key) {
      const entry = entries.get(key)
      return entry?.event && !isKept(entry.event) ? { ...entry, event: undefined } : entry
    },

    remember ({ key, expiresAt }, digest, event) {
      prune()
      entries.set(key, { digest, event, isHeld: event === undefined, expiresAt })
    }
  }
}
