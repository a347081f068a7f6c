import type { Test } from 'tap'

/** What was set with `setTimeout` and has not come yet. */
export interface FakeTimeouts {
  readonly delays: number[]
  /** Lets the time of all that is set come. */
  fire (): void
}

/** Stands in for the platform's timeouts until the test ends, so that a test need not wait for them. */
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
