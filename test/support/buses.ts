import { setImmediate as turn } from 'node:timers/promises'
import type { EventBus } from '../../src/bus/bus.ts'
import { localBus } from '../../src/bus/local.ts'
import type { TestBackend } from '../../src/conformance/index.ts'

/** Creates a bus that subscribes, and delivers news, a turn of the event loop later. */
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

/** A bus that loses all news, and says so on demand. */
export interface SilentBus extends EventBus {
  /** Says that news may have been lost. */
  miss (): void
}

export function silentBus (): SilentBus {
  const listeners: Array<() => void> = []
  return {
    ...localBus(),
    publish: async () => {},
    onMissed (listener) { listeners.push(listener) },
    miss () { for (const listener of listeners) listener() }
  }
}

/** A backend of buses that deliver news a turn of the event loop later, and whose connections can be cut. */
export function turnBackend (): TestBackend {
  const broker = localBus()
  const connections = new Map<EventBus, { cut (): void, restore (): Promise<void> }>()

  function open (): EventBus {
    const inbox = localBus()
    const missed: Array<() => void> = []
    const subscriptions = new Map<string, () => void>()

    async function listen (taskId: string): Promise<void> {
      subscriptions.set(taskId, await broker.subscribe(taskId, (news) => { setImmediate(() => inbox.publish(news)) }))
    }

    function cut (): void {
      for (const unsubscribe of subscriptions.values()) unsubscribe()
    }

    async function restore (): Promise<void> {
      for (const taskId of subscriptions.keys()) await listen(taskId)
      for (const listener of missed) listener()
    }

    const bus: EventBus = {
      publish: broker.publish,
      onMissed (listener) { missed.push(listener) },
      async subscribe (taskId, listener) {
        const unsubscribe = await inbox.subscribe(taskId, listener)
        if (!subscriptions.has(taskId)) await listen(taskId)
        return unsubscribe
      },
      async close () {
        cut()
        await inbox.close()
      }
    }
    connections.set(bus, { cut, restore })
    return bus
  }

  return {
    open,
    shared: true,
    async cut (bus) {
      connections.get(bus)?.cut()
      await broker.publish({ taskId: 'a', seq: 0, id: 'lost.0', event: 'task-update', data: '{}' })
      await connections.get(bus)?.restore()
    }
  }
}

/** A bus that counts its subscriptions, and completes none while its gate is shut. */
export interface GatedBus extends EventBus {
  readonly subscriptions: number
  /** Shuts the gate; resolves when a subscription waits for it. */
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
