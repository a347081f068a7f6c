import type { EventStore, ListedTask } from '../../store/store.ts'
import { draft, numbers } from '../drafts.ts'
import type { Cases } from './cases.ts'
import { failure, phrase, submit } from './submission-drafts.ts'

/** Reads the whole list in pages. Returns the tasks, and the number of pages. */
async function readList (store: EventStore, limit: number): Promise<{ tasks: ListedTask[], pages: number }> {
  const tasks: ListedTask[] = []
  let before: string | undefined
  let pages = 0
  do {
    const page = await store.tasks({ before, limit })
    tasks.push(...page.tasks)
    before = page.next
    pages++
  } while (before !== undefined)
  return { tasks, pages }
}

const ids = (tasks: readonly ListedTask[]): string[] => tasks.map(({ taskId }) => taskId)

/** List of tasks. */
export const TASK_LIST_CASES: Cases = {
  async 'tasks() lists each task once, by its newest event, most recent first' (t, open) {
    let time = 1000
    const store = await open({ now: () => time++ })
    t.strictSame(await store.tasks({ limit: 10 }), { tasks: [], next: undefined })
    await store.append('a', phrase('one'))
    await store.append('b', draft('one'))
    const start = time
    const { event } = await store.append('a', failure('two'))
    const { tasks, next } = await store.tasks({ limit: 10 })
    t.strictSame(ids(tasks), ['a', 'b'])
    t.strictSame(tasks.map(({ newest }) => newest?.event), ['phrase-failed', 'task-update'])
    t.strictSame(tasks[0]?.newest, event)
    t.strictSame(tasks.map(({ at }) => at >= start), [true, false])
    t.equal(next, undefined)
  },

  async 'tasks() lists submissions whose outcome is expected, also of tasks without events' (t, open) {
    let time = 1000
    const store = await open({ now: () => time })
    await submit(store, 'r', 'a')
    time = 2000
    const { event: update } = await store.append('b', draft('one'))
    time = 3000
    await submit(store, 's', 'b')
    const overdue = await store.submissions.overdue('r', { ...draft('overdue'), event: 'task-overdue' })
    await submit(store, 't', 'c')
    await submit(store, 'u', 'd')
    time = 4000
    const { event: ready } = await store.append('c', phrase('ready'))
    const step = 'validate'
    const { tasks } = await readList(store, 10)
    t.strictSame(tasks.sort((a, b) => a.taskId < b.taskId ? -1 : 1), [
      { taskId: 'a', at: 3000, newest: overdue?.event, expected: { step, submittedAt: 1000, isOverdue: true } },
      { taskId: 'b', at: 3000, newest: update, expected: { step, submittedAt: 3000, isOverdue: false } },
      { taskId: 'c', at: 4000, newest: ready },
      { taskId: 'd', at: 3000, newest: undefined, expected: { step, submittedAt: 3000, isOverdue: false } }
    ])
  },

  async 'tasks() lists a task with two submissions once, at the newer one' (t, open) {
    let time = 1000
    const store = await open({ now: () => time })
    await submit(store, 'r', 'a')
    time = 2000
    await submit(store, 's', 'a', { step: 'generate' })
    const { tasks } = await readList(store, 1)
    t.strictSame(tasks.map(({ taskId, at, expected }) => [taskId, at, expected?.step]), [['a', 2000, 'generate']])
  },

  async 'tasks() pages through events and submissions, and no task comes twice' (t, open) {
    let time = 1000
    const store = await open({ now: () => time++ })
    for (const n of numbers(7)) {
      await store.append(`event ${n}`, draft('one'))
      await store.append('often', draft(`${n}`))
      await submit(store, `r${n}`, `submission ${n}`)
    }
    const whole = await readList(store, 100)
    const others = numbers(7).reverse().flatMap((n) => [`submission ${n}`, `event ${n}`])
    t.strictSame(ids(whole.tasks), others.toSpliced(1, 0, 'often'))
    for (const limit of [1, 2, 3, 7]) {
      const { tasks, pages } = await readList(store, limit)
      t.strictSame(tasks, whole.tasks)
      t.equal(pages > 1, true)
    }
  },

  async 'tasks() names newest events by their ids, also after an erasure' (t, open) {
    let time = 1000
    const store = await open({ now: () => time })
    await store.append('old', draft('one'))
    await store.erase('old', [])
    for (const id of ['old', 'new', 'new']) await store.append(id, draft(`${time++}`))
    const { tasks } = await store.tasks({ limit: 10 })
    t.strictSame(ids(tasks), ['new', 'old'])
    for (const { taskId, newest } of tasks) t.strictSame(newest, (await store.extent(taskId)).newest)
  },

  async 'tasks() goes on after a task that moves to the front' (t, open) {
    let time = 1000
    const store = await open({ now: () => time++ })
    for (const id of ['a', 'b', 'c', 'd']) await store.append(id, draft('one'))
    const { tasks, next } = await store.tasks({ limit: 2 })
    await store.append('a', draft('two'))
    await store.append('c', draft('two'))
    t.strictSame([...ids(tasks), ...ids((await store.tasks({ before: next, limit: 10 })).tasks)], ['d', 'c', 'b'])
  },

  async 'tasks() lists no task that was erased, and ends after a text that is no place' (t, open) {
    const store = await open()
    for (const id of ['a', 'b']) await store.append(id, draft('one'))
    await submit(store, 'r', 'c')
    await store.erase('a', [])
    await store.erase('c', [])
    t.strictSame(ids((await readList(store, 1)).tasks), ['b'])
    t.strictSame(await store.tasks({ before: 'garbage', limit: 10 }), { tasks: [], next: undefined })
  }
}
