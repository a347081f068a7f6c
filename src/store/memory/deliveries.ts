import { createClock } from '../clock.ts'
import type { DeliveryTable } from '../delivery.ts'
import type { TaskEvent } from '../../event.ts'
import { ERASED_EVENT } from '../erased.ts'
import type { MemoryHistory } from './history.ts'

/** Table of delivery keys in memory. */
export interface MemoryDeliveries extends DeliveryTable<TaskEvent> {
  /** Erases the data of a task's deliveries. */
  erase (taskId: string): void
}

/** Creates the table of delivery keys of a memory store. */
export function memoryDeliveries (history: MemoryHistory): MemoryDeliveries {
  const { deliveries, tasks } = history
  const clock = createClock()

  function isKept (event: TaskEvent): boolean {
    const { events = [], last = 0 } = tasks.get(event.taskId) ?? {}
    return events[events.length - 1 - (last - event.seq)] === event
  }

  function prune (): void {
    // By both clocks: the wall clock may jump, and the other one may have started at a wrong time.
    const now = Math.min(Date.now(), clock())
    for (const [key, { delivery: { expiresAt, onConflict } }] of deliveries) {
      if (expiresAt >= now) return
      deliveries.delete(key)
      if (onConflict === 'reject') history.forgottenUntil = Math.max(history.forgottenUntil, expiresAt)
    }
  }

  return {
    forgottenUntil: () => history.forgottenUntil,

    lookup (key) {
      const known = deliveries.get(key)
      return known?.event && !known.isErased && !isKept(known.event) ? { ...known, event: undefined } : known
    },

    erase (taskId) {
      for (const [key, known] of deliveries) {
        const { event } = known
        if (event?.taskId !== taskId) continue
        deliveries.set(key, { ...known, event: { ...event, ...ERASED_EVENT }, isErased: true })
      }
    },

    remember (delivery, digest, event) {
      prune()
      deliveries.set(delivery.key, { digest, event, isHeld: event === undefined, delivery })
    }
  }
}
