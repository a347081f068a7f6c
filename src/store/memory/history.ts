import { randomBytes } from 'node:crypto'
import type { DeliveryLookup } from '../delivery.ts'
import type { About, Delivery, Held, TaskEvent } from '../../event.ts'
import { memorySubmissionData, type MemorySubmissionData } from './submission-table.ts'
import type { Extent } from '../store.ts'

/** Note on an event. */
export interface MemoryNote {
  /** Time of the append, in milliseconds since 1970. */
  readonly at: number
  readonly about: About | undefined
  /** `n` of the submission that the event is an outcome of. */
  readonly submission: number | null
}

/** Task of a memory store. */
export interface MemoryTask {
  readonly events: TaskEvent[]
  /** One for each event. */
  readonly notes: MemoryNote[]
  last: number
  /** Digest of the newest event. */
  digest: string
  /** Time of the newest event, in milliseconds since 1970. */
  at: number
  /** See {@link Extent.epochs}. */
  epochs: Array<Extent['epochs'][number]>
}

/** Delivery key of a memory store. */
export interface MemoryDelivery extends DeliveryLookup<TaskEvent> {
  readonly delivery: Delivery
  /** true: its event was erased. */
  readonly isErased?: boolean
}

/** Quarantined callback of a memory store. */
export interface MemoryHeld extends Held {
  readonly digest: string
  readonly delivery: Delivery | undefined
}

/** Data of a memory store. */
export interface MemoryHistory {
  readonly life: string
  fork: string
  readonly tasks: Map<string, MemoryTask>
  readonly deliveries: Map<string, MemoryDelivery>
  /** See {@link DeliveryTable.forgottenUntil}. */
  forgottenUntil: number
  readonly held: Map<number, MemoryHeld>
  lastHeldId: number
  submissions: MemorySubmissionData
}

/** Creates an empty history. */
export function memoryHistory (): MemoryHistory {
  return {
    life: randomHex(),
    fork: randomHex(),
    tasks: new Map(),
    deliveries: new Map(),
    forgottenUntil: 0,
    held: new Map(),
    lastHeldId: 0,
    submissions: memorySubmissionData()
  }
}

/** Starts another fork: later events get an epoch that no event had before. */
export function renewFork (history: MemoryHistory): void {
  history.fork = randomHex()
}

/** Returns the epoch of an append now. */
export function epochNow ({ life, fork }: MemoryHistory): string {
  return `${life}-${fork}`
}

/** Returns the range of events that is kept of a task. */
export function extentOf (history: MemoryHistory, taskId: string): Extent {
  const task = history.tasks.get(taskId)
  if (!task) return { first: 1, last: 0, newest: undefined, epochs: [{ from: 0, epoch: epochNow(history) }] }
  const { events, last, epochs } = task
  return { first: last - events.length + 1, last, newest: events.at(-1), epochs: [...epochs] }
}

function randomHex (): string {
  return randomBytes(4).toString('hex')
}
