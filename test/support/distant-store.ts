import { setImmediate as turn } from 'node:timers/promises'
import { memoryStore, type EventStore } from '../../src/index.ts'
import type { MemoryHistory } from '../../src/store/memory/history.ts'

/** Creates a store whose answers arrive a turn of the event loop after they were true. */
export function distantStore (history?: MemoryHistory): EventStore {
  const store = memoryStore({}, history)
  return {
    ...store,
    async read (...args) {
      const events = await store.read(...args)
      await turn()
      return events
    },
    async extent (taskId) {
      const extent = await store.extent(taskId)
      await turn()
      return extent
    }
  }
}
