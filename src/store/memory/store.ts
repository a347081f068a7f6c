import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { RelayError } from '../../errors.ts'
import { createClock } from '../clock.ts'
import { appendOnce, deliveryRejected, isRepeat } from '../delivery.ts'
import { submissionRejected } from '../submission-rule.ts'
import { DAY_MS } from '../submissions.ts'
import { memoryDeliveries } from './deliveries.ts'
import { memoryEventLog } from './event-log.ts'
import { memoryQuarantine } from './quarantine.ts'
import { takePage } from '../page.ts'
import { memorySubmissions } from './submissions.ts'
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
  const log = memoryEventLog({ task: taskOf, append: push })
  const submissions = memorySubmissions({ requireOpen, now, log, idOf: (_taskId, seq) => `${epoch}.${seq}` })
  let closed = false

  function requireOpen (): void {
    if (closed) throw new RelayError('STORE_UNAVAILABLE', 'Cannot use the store: it is closed')
  }

  function forget (taskId: string, task: Task, ageMs: number): boolean {
    const age = now() - task.at
    if (age < ageMs || submissions.expected(taskId)) return false
    if (age >= ageMs * MARK_LIVES) tasks.delete(taskId)
    return task.events.splice(0).length > 0
  }

  function taskOf (taskId: string): Pick<Task, 'events' | 'last'> {
    return tasks.get(taskId) ?? { events: [], last: 0 }
  }

  function push (taskId: string, draft: EventDraft, submission?: number): Appended {
    const { event: name, data, digest } = draft
    const task = tasks.get(taskId) ?? { events: [], last: 0, digest, at: 0 }
    const seq = ++task.last
    const event: TaskEvent = { taskId, seq, id: `${epoch}.${seq}`, event: name, data }
    tasks.set(taskId, task)
    task.events.push(event)
    task.digest = digest
    task.at = now()
    log.note(event, task.at, draft, submission)
    return { event, duplicate: false }
  }

  function addNew (taskId: string, draft: EventDraft): Appended {
    const task = tasks.get(taskId)
    const newest = task?.events.at(-1)
    const isNew = !task || !newest || !isRepeat(task, draft.digest, now(), dedupeWindowMs)
    return isNew ? push(taskId, draft) : { event: newest, duplicate: true }
  }

  function add (taskId: string, draft: EventDraft): Appended {
    if (!draft.about || submissions.isEmpty()) return addNew(taskId, draft)
    return submissions.append({ ...draft, taskId, at: now() }, () => addNew(taskId, draft))
  }

  /** @param digest - digest of the body that was delivered */
  function append (taskId: string, draft: EventDraft, digest?: string): Appended {
    if (submissions.isForeign({ ...draft, taskId, at: now() })) throw submissionRejected()
    const steps = { ...deliveries, append: (draft: EventDraft) => add(taskId, draft) }
    const outcome = appendOnce(steps, draft, digest)
    if (outcome === 'reject') throw deliveryRejected()
    return outcome
  }

  return {
    epoch,
    quarantine,
    submissions: submissions.submissions,

    async append (taskId, draft) {
      requireOpen()
      return append(taskId, draft)
    },

    async read (taskId, after, limit) {
      requireOpen()
      const { events, last } = taskOf(taskId)
      const start = Math.max(0, events.length - (last - after))
      return takePage(events.slice(start, start + limit))
    },

    async extent (taskId) {
      requireOpen()
      const { events, last } = taskOf(taskId)
      const expected = submissions.expected(taskId)
      return { first: last - events.length + 1, last, newest: events.at(-1), ...(expected && { expected }) }
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
      submissions.forget(now() - DAY_MS, (taskId) => taskOf(taskId).events.length > 0)
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
