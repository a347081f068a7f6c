import t from 'tap'
import { localBus } from '../../src/bus/local.ts'
import { busConformance } from '../../src/conformance/index.ts'
import type { EventBus } from '../../src/bus/bus.ts'

busConformance(t, 'localBus', localBus)

// The suite itself: it waits for a bus that tells its listeners later.
busConformance(t, 'a bus that is not synchronous', () => later(localBus()))

function later (bus: EventBus): EventBus {
  return {
    ...bus,
    subscribe: async (taskId, listener) => bus.subscribe(taskId, (news) => { setImmediate(listener, news) })
  }
}
