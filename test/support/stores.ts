import { draft, numbers } from '../../src/conformance/drafts.ts'
import { RelayError } from '../../src/errors.ts'
import { memoryStore } from '../../src/store/memory/store.ts'
import type { EventStore } from '../../src/store/store.ts'

/** Store that fails on demand, and counts its reads. */
export interface FailingStore extends EventStore {
  reads: number
  /** While true, reads and writes reject. */
  isFailing: boolean
}

export function failingStore (store = memoryStore()): FailingStore {
  function work<T> (result: () => Promise<T>): Promise<T> {
    if (!failing.isFailing) return result()
    return Promise.reject(new RelayError('STORE_UNAVAILABLE', 'Cannot use the store: the test says so'))
  }
  const failing: FailingStore = {
    ...store,
    reads: 0,
    isFailing: false,
    append: (...args) => work(() => store.append(...args)),
    extent: (taskId) => work(() => store.extent(taskId)),
    trim: (...args) => work(() => store.trim(...args)),
    check: () => work(store.check),
    read (...args) {
      failing.reads++
      return work(() => store.read(...args))
    }
  }
  return failing
}

/** Appends `count` events to a task, after those that it has; no two of them are equal. */
export async function fill (store: EventStore, taskId: string, count: number): Promise<void> {
  const { last } = await store.extent(taskId)
  for (const n of numbers(count)) await store.append(taskId, draft(`event ${last + n}`))
}
