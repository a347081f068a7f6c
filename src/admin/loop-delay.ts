const TICK_MS = 20

/** Measurement of the delay of the event loop. */
export interface LoopDelay {
  /** Returns the longest delay since the last call, in milliseconds. */
  takeMax (): number
  stop (): void
}

/**
 * Measures by how much a timer of 20 ms is late. prom-client has a histogram of the same, which starts again with each
 * scrape of `/metrics`; the one of Node includes the interval, the one of Deno does not.
 */
export function measureLoopDelay (now: () => number = () => performance.now()): LoopDelay {
  let max = 0
  let last = now()
  const timer = setInterval(tick, TICK_MS).unref()

  function tick (): void {
    const at = now()
    max = Math.max(max, at - last - TICK_MS)
    last = at
  }

  return {
    takeMax () {
      // A delay that still lasts counts too.
      const longest = Math.max(max, now() - last - TICK_MS)
      max = 0
      return longest
    },
    stop: () => { clearInterval(timer) }
  }
}
