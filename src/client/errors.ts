import type { RelayEvent } from '../../schemas/event.ts'

/** The wait for a phrase ended with the vendor's failure: none comes unless one is asked for again. */
export class PhraseFailed extends Error {
  override readonly name = 'PhraseFailed'
  /** What the vendor said, in `data`. */
  readonly event: RelayEvent

  constructor (event: RelayEvent) {
    super(`Cannot get a phrase: ${event.data.errorMessage || event.data.msg}`)
    this.event = event
  }
}

/** The wait for a phrase took longer than it may. Its `cause` is the last attempt that failed, if one did. */
export class WaitTimeout extends Error {
  override readonly name = 'WaitTimeout'

  constructor (timeoutMs: number, cause: Error | undefined) {
    super(`Cannot get a phrase: none came in ${timeoutMs} ms`, { cause })
  }
}

/** The server refuses for good: the task id, the address or the ticket is wrong, and to ask again would not help. */
export class WatchRefused extends Error {
  override readonly name = 'WatchRefused'
  /** HTTP status: 400, 401, 403, 404 or another of the class 4xx. */
  readonly status: number
  /** The problem's code, such as `REQUEST_INVALID`; undefined when the answer was not the relay's. */
  readonly code: string | undefined

  constructor (status: number, code?: string, detail = 'expected a relay') {
    super(`Cannot watch the task: status ${status}: ${detail}`)
    this.status = status
    this.code = code
  }
}

/** An attempt failed, and another may not. */
export interface AttemptFailed extends Error {
  /** The least to wait before the next attempt, as the server told it, in milliseconds; 0 when it did not. */
  readonly waitMs: number
  /** 0: a stream may work next time; 1: none comes through for now; Infinity: none ever does. */
  readonly noStream: number
}

/** Says why an attempt failed. */
export function attemptFailed (what: string, waitMs = 0, noStream = 0): AttemptFailed {
  return Object.assign(new Error(`Cannot watch the task: ${what}`), { waitMs, noStream })
}
