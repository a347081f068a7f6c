import { setImmediate as nextTurn } from 'node:timers/promises'
import { RelayError } from '../../errors.ts'
import { createClock } from '../clock.ts'
import { appendOnce, deliveryRejected, isRepeat } from '../delivery.ts'
import { submissionRejected } from '../submission-rule.ts'
import { memoryDeliveries } from './deliveries.ts'
import { ERASED_EVENT } from '../erased.ts'
import { memoryEventLog } from './event-log.ts'
import { idAt, isKnown, newestId, parseEventId } from '../event-id.ts'
import { epochNow, extentOf, memoryHistory, renewFork, type MemoryTask } from './history.ts'
import { takePage } from '../page.ts'
import { memoryQuarantine } from './quarantine.ts'
import { memorySubmissions } from './submissions.ts'
import { readTasks } from './task-list.ts'
import { MARK_LIVES, type Appended, type EventStore, type StoreOptions } from '../store.ts'
import type { EventDraft, TaskEvent } from '../../event.ts'

const TRIM_STEP = 1000

/**
 * Creates a store that keeps everything in this process and nothing on disk: for tests and for trying things out.
 *
 * @param history - data of the store, which it starts another fork of; default: an empty history
 */
export function memoryStore (
  { dedupeWindowMs = 120_000, now = createClock() }: StoreOptions = {},
  history: import('./history.ts').MemoryHistory = memoryHistory()
): EventStore {
  const { tasks, held } = history
  const deliveries = memoryDeliveries(history)
  const log = memoryEventLog({ tasks, append: push })
  const idOf = (taskId: string, seq: number): string => idAt(extentOf(history, taskId), seq)
  const submissions = memorySubmissions({ history, requireOpen, now, log, idOf })
  const quarantine = memoryQuarantine({ history, requireOpen, now, deliveries, append, rule: submissions })
  let closed = false
  renewFork(history)

  function requireOpen (): void {
    if (closed) throw new RelayError('STORE_UNAVAILABLE', 'Cannot use the store: it is closed')
  }

  /** Removes an old task's events, and in the end its high-water mark. */
  function forget (taskId: string, task: MemoryTask, ageMs: number): boolean {
    const age = now() - task.at
    if (age < ageMs || submissions.expected(taskId)) return false
    if (age >= ageMs * MARK_LIVES) {
      tasks.delete(taskId)
      // The task would use its ids again.
      renewFork(history)
    }
    task.epochs = task.epochs.slice(-1)
    task.notes.length = 0
    return task.events.splice(0).length > 0
  }

  function push (taskId: string, draft: EventDraft): Appended {
    const { event: name, data, digest, about } = draft
    const epoch = epochNow(history)
    const task = tasks.get(taskId) ?? { events: [], notes: [], last: 0, digest, at: 0, epochs: [{ from: 0, epoch }] }
    const seq = ++task.last
    const event: TaskEvent = { taskId, seq, id: `${epoch}.${seq}`, event: name, data }
    tasks.set(taskId, task)
    task.events.push(event)
    if (task.epochs.at(-1)?.epoch !== epoch) task.epochs.push({ from: seq, epoch })
    task.digest = digest
    task.at = now()
    task.notes.push({ at: task.at, about, submission: null })
    return { event, duplicate: false }
  }

  function addNew (taskId: string, draft: EventDraft): Appended {
    const task = tasks.get(taskId)
    const newest = task?.events.at(-1)
    const isNew = !task || !newest || !isRepeat(task, draft.digest, now(), dedupeWindowMs)
    return isNew ? push(taskId, draft) : { event: newest, duplicate: true }
  }

  function add (taskId: string, draft: EventDraft): Appended {
    return submissions.append({ ...draft, taskId, at: now() }, () => addNew(taskId, draft))
  }

  /** @param digest - digest of the body that was delivered */
  function append (taskId: string, draft: EventDraft, digest?: string): Appended {
    if (submissions.isForeign({ ...draft.about, taskId })) throw submissionRejected()
    const outcome = appendOnce({ ...deliveries, append: (draft) => add(taskId, draft) }, draft, digest)
    if (outcome === 'reject') throw deliveryRejected()
    return outcome
  }

  function eraseEvents (taskId: string): number {
    const task = tasks.get(taskId)
    if (!task) return 0
    renewFork(history)
    task.epochs = [{ from: task.last, epoch: epochNow(history) }]
    task.notes.length = 0
    return task.events.splice(0).length
  }

  /** Erases a held callback; its delivery counts as one of the task. */
  function eraseHeld (taskId: string, id: number): boolean {
    const { delivery, digest = '' } = held.get(id) ?? {}
    const event = { taskId, seq: 0, id: `${epochNow(history)}.0`, ...ERASED_EVENT }
    if (delivery) deliveries.remember(delivery, digest, event)
    return held.delete(id)
  }

  return {
    get epoch () { return epochNow(history) },
    quarantine,
    submissions: submissions.submissions,

    async append (taskId, draft) {
      requireOpen()
      return append(taskId, draft)
    },

    async read (taskId, after, limit) {
      requireOpen()
      const { events = [] } = tasks.get(taskId) ?? {}
      if (after === undefined) return takePage(events.slice(0, limit))
      const id = parseEventId(after)
      const extent = extentOf(history, taskId)
      if (!id || !isKnown(extent, id)) return undefined
      const start = id.seq + 1 - extent.first
      return takePage(events.slice(start, start + limit))
    },

    async extent (taskId) {
      requireOpen()
      const expected = submissions.expected(taskId)
      return { ...extentOf(history, taskId), ...(expected && { expected }) }
    },

    async tasks (options) {
      requireOpen()
      return readTasks(history, submissions.expected, options)
    },

    async trim (ageMs, watched) {
      requireOpen()
      for (const { id, at } of held.values()) if (now() - at >= ageMs) held.delete(id)
      let forgotten = 0
      let seen = 0
      for (const [taskId, task] of tasks) {
        if (!watched(taskId) && forget(taskId, task, ageMs)) forgotten++
        if (++seen % TRIM_STEP === 0) await nextTurn()
      }
      submissions.forget(now(), (taskId) => extentOf(history, taskId).newest !== undefined)
      return forgotten
    },

    async erase (taskId, ids) {
      requireOpen()
      const callbacks = ids.filter((id) => eraseHeld(taskId, id)).length
      const events = eraseEvents(taskId)
      deliveries.erase(taskId)
      submissions.erase(taskId)
      return { events, callbacks }
    },

    async moved (newest) {
      requireOpen()
      const ids = [...newest].map(([taskId, id]) => [taskId, id, newestId(extentOf(history, taskId))] as const)
      return new Map(ids.filter(([, id, now]) => id !== now).map(([taskId, , now]) => [taskId, now]))
    },

    async check () { requireOpen() },
    async close () { closed = true }
  }
}
