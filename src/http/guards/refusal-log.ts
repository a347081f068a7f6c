const MINUTE_MS = 60_000
const MAX_LINES = 60
const MAX_ADDRESSES = 10

/** The part of a logger that a refusal log writes to. */
export interface Log {
  warn (details: object, message: string): void
}

/** Log of refused callbacks. Strangers cause refusals, so the number of its lines per minute is bounded. */
export interface RefusalLog {
  /** Reports an unauthenticated callback: the first at once, later ones in one summary line a minute. */
  unauthenticated (network: string, step: string): void
  /** Reports any other refused callback in a line of its own, up to 60 lines a minute. */
  refused (details: object): void
  /** Writes the pending summary. Safe to call twice. */
  flush (): void
}

/** Creates a refusal log. */
export function createRefusalLog (log: Log): RefusalLog {
  let minute = emptyMinute()
  let timer: NodeJS.Timeout | undefined

  function flush (): boolean {
    clearTimeout(timer)
    timer = undefined
    const { count, addresses, steps, suppressed } = minute
    if (count > 0) reportUnauthenticated(log, { count, addresses: [...addresses], steps: [...steps] })
    if (suppressed > 0) log.warn({ suppressed }, 'refused callbacks not logged')
    minute = { ...emptyMinute(), isReported: count > 0 }
    return count + suppressed > 0
  }

  function startMinute (): void {
    timer ??= setTimeout(() => { if (flush()) startMinute() }, MINUTE_MS).unref()
  }

  return {
    unauthenticated (network, step) {
      if (minute.isReported) {
        minute.count++
        if (minute.addresses.size < MAX_ADDRESSES) minute.addresses.add(network)
        minute.steps.add(step)
      } else {
        minute.isReported = true
        reportUnauthenticated(log, { count: 1, addresses: [network], steps: [step] })
      }
      startMinute()
    },

    refused (details) {
      if (minute.lines++ < MAX_LINES) log.warn({ ...details }, 'callback refused')
      else minute.suppressed++
      startMinute()
    },

    flush: () => { flush() }
  }
}

function emptyMinute () {
  const [addresses, steps] = [new Set<string>(), new Set<string>()]
  return { isReported: false, count: 0, addresses, steps, lines: 0, suppressed: 0 }
}

function reportUnauthenticated (log: Log, details: { count: number, addresses: string[], steps: string[] }): void {
  log.warn({ ...details }, 'unauthenticated callbacks refused')
}
