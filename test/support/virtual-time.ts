/** A clock that a test moves. */
export interface VirtualTime {
  /** Runs a function when the clock reaches a time; returns a function that cancels it. */
  schedule (run: () => void, ms: number): () => void
  /** Moves the clock; runs everything that becomes due, in order of time. */
  pass (ms: number): void
  /** Count of functions that wait. */
  readonly pending: number
}

/** Creates a clock that stands still until the test moves it. */
export function virtualTime (): VirtualTime {
  const waiting = new Set<{ at: number, run: () => void }>()
  let now = 0

  return {
    schedule (run, ms) {
      const entry = { at: now + ms, run }
      waiting.add(entry)
      return () => { waiting.delete(entry) }
    },
    pass (ms) {
      const end = now + ms
      for (;;) {
        const [next] = [...waiting].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        if (!next) break
        now = Math.max(now, next.at)
        waiting.delete(next)
        next.run()
      }
      now = end
    },
    get pending () { return waiting.size }
  }
}
