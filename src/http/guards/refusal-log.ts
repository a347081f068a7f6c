import { createRecentRefusals, type RecentRefusal, type RefusalDetails } from './recent-refusals.ts'

const MINUTE_MS = 60_000
const MAX_LINES = 60
const MAX_ADDRESSES = 10

/** The part of a logger that a refusal log writes to. */
export interface Log {
  warn (details: object, message: string): void
}

type Details = RefusalDetails & Readonly<Record<string, unknown>>

/** Log of refused callbacks and admin requests. Strangers cause refusals, so its lines per minute are bounded. */
export interface RefusalLog {
  /** Reports an unauthenticated request: the first at once, later ones in one summary line a minute. */
  unauthenticated (network: string, step: string): void
  /** Reports any other refused callback in a line of its own, up to 60 lines a minute. */
  refused (details: Details): void
  /** Returns the last kinds of refusals, most recent first. */
  recent (): RecentRefusal[]
  /** Writes the pending summary. Safe to call twice. */
  flush (): void
}

/** Creates a refusal log. */
export function createRefusalLog (log: Log): RefusalLog {
  const recent = createRecentRefusals()
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
      recent.add({ code: step === 'admin' ? 'ADMIN_TOKEN_INVALID' : 'CALLBACK_UNAUTHENTIC', step }, network)
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
      recent.add(details)
      if (minute.lines++ < MAX_LINES) log.warn({ ...details }, 'callback refused')
      else minute.suppressed++
      startMinute()
    },

    recent: recent.list,
    flush: () => { flush() }
  }
}

function emptyMinute () {
  const [addresses, steps] = [new Set<string>(), new Set<string>()]
  return { isReported: false, count: 0, addresses, steps, lines: 0, suppressed: 0 }
}

function reportUnauthenticated (log: Log, details: { count: number, addresses: string[], steps: string[] }): void {
  log.warn({ ...details }, 'unauthenticated requests refused')
}
