import type { Test } from 'tap'

/** Pending timeouts of `setTimeout`. */
export interface FakeTimeouts {
  readonly delays: number[]
  /** Runs all pending timeouts. */
  fire (): void
}

/** Replaces the platform's timeouts until the test ends, so that the test does not wait for them. */
export function fakeTimeouts (t: Test): FakeTimeouts {
  const pending = new Map<object, { run: () => void, ms: number }>()
  function set (run: () => void, ms: number): object {
    const timer = { unref: () => timer }
    pending.set(timer, { run, ms })
    return timer
  }
  t.intercept(globalThis, 'setTimeout', { value: set })
  t.intercept(globalThis, 'clearTimeout', { value: (timer: object) => { pending.delete(timer) } })

  return {
    get delays () { return [...pending.values()].map(({ ms }) => ms) },
    fire () {
      const due = [...pending.values()]
      pending.clear()
      for (const { run } of due) run()
    }
  }
}
