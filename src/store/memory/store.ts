import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { RelayError } from '../../errors.ts'
import { createClock } from '../clock.ts'
import { appendOnce, deliveryRejected, isRepeat } from '../delivery.ts'
import { memoryDeliveries } from './deliveries.ts'
import { memoryQuarantine } from './quarantine.ts'
import { takePage } from '../page.ts'
import { MARK_LIVES, type Appended, type EventStore, type StoreOptions } from '../store.ts'
import type { EventDraft, TaskEvent } from '../../event.ts'

const TRIM_STEP = 1000

interface Task {
  readonly events: TaskEvent[]
  last: number
  digest: string
  at: number
}

/** Creates a store that keeps everything in this process and nothing on disk: for tests and for trying things out. */
export function memoryStore ({ dedupeWindowMs = 120_000, now = createClock() }: StoreOptions = {}): EventStore {
  const epoch = randomBytes(4).toString('hex')
  const tasks = new Map<string, Task>()
  const deliveries = memoryDeliveries((event) => tasks.get(event.taskId)?.events.includes(event) === true)
  const quarantine = memoryQuarantine({ requireOpen, now, deliveries, append })
  let closed = false

  function requireOpen (): void {
    if (closed) throw new RelayError('STORE_UNAVAILABLE', 'Cannot use the store: it is closed')
  }

  function forget (taskId: string, task: Task, ageMs: number): boolean {
    const age = now() - task.at
    if (age < ageMs) return false
    if (age >= ageMs * MARK_LIVES) tasks.delete(taskId)
    return task.events.splice(0).length > 0
  }

  function add (taskId: string, { event: name, data, digest }: EventDraft): Appended {
    let task = tasks.get(taskId)
    const newest = task?.events.at(-1)
    if (task && newest && isRepeat(task, digest, now(), dedupeWindowMs)) return { event: newest, duplicate: true }
    if (!task) tasks.set(taskId, task = { events: [], last: 0, digest, at: 0 })
    const seq = ++task.last
    const event: TaskEvent = { taskId, seq, id: `${epoch}.${seq}`, event: name, data }
    task.events.push(event)
    task.digest = digest
    task.at = now()
    return { event, duplicate: false }
  }

  /** @param digest - digest of the body that was delivered */
  function append (taskId: string, draft: EventDraft, digest?: string): Appended {
    const steps = { ...deliveries, append: (draft: EventDraft) => add(taskId, draft) }
    const outcome = appendOnce(steps, draft, digest)
    if (outcome === 'reject') throw deliveryRejected()
    return outcome
  }

  return {
    epoch,
    quarantine,

    async append (taskId, draft) {
      requireOpen()
      return append(taskId, draft)
    },

    async read (taskId, after, limit) {
      requireOpen()
      const { events = [], last = 0 } = tasks.get(taskId) ?? {}
      const start = Math.max(0, events.length - (last - after))
      return takePage(events.slice(start, start + limit))
    },

    async extent (taskId) {
      requireOpen()
      const { events = [], last = 0 } = tasks.get(taskId) ?? {}
      return { first: last - events.length + 1, last, newest: events.at(-1) }
    },

    async trim (ageMs, watched) {
      requireOpen()
      quarantine.forget(now() - ageMs)
      let forgotten = 0
      let seen = 0
      for (const [taskId, task] of tasks) {
        if (!watched(taskId) && forget(taskId, task, ageMs)) forgotten++
        if (++seen % TRIM_STEP === 0) await nextTurn()
      }
      return forgotten
    },

    async changedElsewhere () {
      requireOpen()
      return false
    },

    async check () { requireOpen() },
    async close () { closed = true }
  }
}
