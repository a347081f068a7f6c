import { draft, numbers } from '../../src/conformance/drafts.ts'
import { RelayError } from '../../src/errors.ts'
import { memoryStore } from '../../src/store/memory/store.ts'
import type { EventStore } from '../../src/store/store.ts'

/** A store that can be brought into trouble, and that counts how often it was read. */
export interface MoodyStore extends EventStore {
  reads: number
  /** While true nothing can be read or written. */
  trouble: boolean
}

export function moodyStore (store = memoryStore()): MoodyStore {
  function work<T> (result: () => Promise<T>): Promise<T> {
    return moody.trouble ? Promise.reject(new RelayError('STORE_UNAVAILABLE', 'Cannot use the store: the test says so')) : result()
  }
  const moody: MoodyStore = {
    ...store,
    reads: 0,
    trouble: false,
    append: (...args) => work(() => store.append(...args)),
    extent: (taskId) => work(() => store.extent(taskId)),
    trim: (...args) => work(() => store.trim(...args)),
    check: () => work(store.check),
    read (...args) {
      moody.reads++
      return work(() => store.read(...args))
    }
  }
  return moody
}

/** Appends `count` events to a task, after those that it has; no two of them are equal. */
export async function fill (store: EventStore, taskId: string, count: number): Promise<void> {
  const { last } = await store.extent(taskId)
  for (const n of numbers(count)) await store.append(taskId, draft(`event ${last + n}`))
}
