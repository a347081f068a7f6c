import type { Test } from 'tap'
import type { EventBus } from '../../src/bus/bus.ts'
import { localBus } from '../../src/bus/local.ts'

/** A bus that says how many listen. */
export function countingBus (): EventBus & { readonly listeners: number } {
  const bus = localBus()
  let listeners = 0
  return {
    ...bus,
    get listeners () { return listeners },
    async subscribe (taskId, listener) {
      const unsubscribe = await bus.subscribe(taskId, listener)
      listeners++
      return () => {
        listeners--
        unsubscribe()
      }
    }
  }
}

/** Counts the timers that are set and have neither come nor been cleared, from now to the end of the test. */
export function countTimers (t: Test): { readonly pending: number } {
  const pending = new Set<unknown>()
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis
  const clear = (timer: NodeJS.Timeout): void => {
    pending.delete(timer)
    clearTimeout(timer)
    clearInterval(timer)
  }
  t.intercept(globalThis, 'setTimeout', {
    value: (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
      const timer = setTimeout(() => {
        pending.delete(timer)
        run(...args)
      }, ms)
      pending.add(timer)
      return timer
    }
  })
  t.intercept(globalThis, 'setInterval', {
    value: (run: () => void, ms?: number) => {
      const timer = setInterval(run, ms)
      pending.add(timer)
      return timer
    }
  })
  for (const name of ['clearTimeout', 'clearInterval'] as const) t.intercept(globalThis, name, { value: clear })
  return { get pending () { return pending.size } }
}
