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
export function silentBus (): EventBus {
  return { ...localBus(), lossless: false, publish: async () => {} }
}

/** A bus that knows how many subscriptions it has, and that lets none be made while its gate is shut. */
export interface GatedBus extends EventBus {
  readonly subscriptions: number
  /** Shuts the gate; resolves when somebody waits before it. */
  shut (): Promise<void>
  open (): void
}

export function gatedBus (): GatedBus {
  const bus = localBus()
  let subscriptions = 0
  let gate = Promise.resolve()
  let open = (): void => {}
  let arrived = (): void => {}

  return {
    ...bus,
    get subscriptions () { return subscriptions },
    open () { open() },
    shut () {
      gate = new Promise((resolve) => { open = resolve })
      return new Promise((resolve) => { arrived = resolve })
    },
    async subscribe (taskId, listener) {
      arrived()
      await gate
      const unsubscribe = await bus.subscribe(taskId, listener)
      subscriptions++
      return () => {
        subscriptions--
        unsubscribe()
      }
    }
  }
}
