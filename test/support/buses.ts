import { setImmediate as turn } from 'node:timers/promises'
import type { EventBus } from '../../src/bus/bus.ts'
import { localBus } from '../../src/bus/local.ts'

/** A bus that takes its time: it subscribes, and hands news on, a turn of the event loop later. */
export function slowBus (): EventBus {
  const bus = localBus()
  return {
    ...bus,
    async publish (news) {
      await turn()
      await bus.publish(news)
    },
    async subscribe (taskId, listener) {
      await turn()
      return bus.subscribe(taskId, listener)
    }
  }
}

/** A bus that says that it may lose news, and loses all of it. */
export function deafBus (): EventBus {
  return { ...localBus(), lossless: false, publish: async () => {} }
}
