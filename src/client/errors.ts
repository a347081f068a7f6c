import type { PhraseFailedEvent } from '../../schemas/relay-event.ts'

/** Error of `waitForPhrase` when the vendor reports a failure. Request another phrase before waiting again. */
export class PhraseFailed extends Error {
  override readonly name = 'PhraseFailed'
  /** The failure as the vendor reported it, in `data`. */
  readonly event: PhraseFailedEvent

  constructor (event: PhraseFailedEvent) {
    super(`Cannot get a phrase: ${event.data.errorMessage || event.data.msg}`)
    this.event = event
  }
}

/**
 * Error of `waitForPhrase` when no phrase arrives within `timeoutMs`, or when the relay gives up with `task-timeout`.
 * `cause` is the error of the last attempt that failed since the watch was live, if any.
 */
export class WaitTimeout extends Error {
  override readonly name = 'WaitTimeout'

  constructor (cause: Error | undefined) {
    super('Cannot get a phrase: none arrived in time', { cause })
  }
}

/** Error when the server refuses the watch for good: the task id, the address or the ticket is wrong. */
export class WatchRefused extends Error {
  override readonly name = 'WatchRefused'
  /** HTTP status: 400, 401, 403, 404 or another 4xx. */
  readonly status: number
  /** Code of the problem, such as `REQUEST_INVALID`. Undefined if the answer is not from a relay. */
  readonly code: string | undefined

  constructor (status: number, code?: string, detail = 'the answer is not from a relay') {
    super(`Cannot watch the task: status ${status}: ${detail}`)
    this.status = status
    this.code = code
  }
}

/** Why streams do not get through: `blocked` for now, so poll for a while, or `unsupported` by the platform. */
export type NoStream = 'blocked' | 'unsupported'

/** Error of an attempt that failed and will be repeated. */
export interface AttemptFailed extends Error {
  /** Min delay before the next attempt as requested by the server, in milliseconds. */
  readonly waitMs?: number
  /** Undefined if the next stream may work. */
  readonly noStream?: NoStream | undefined
}

/** Creates the error of an attempt that failed. */
export function attemptFailed (fact: string, details?: Partial<AttemptFailed>): AttemptFailed {
  return Object.assign(new Error(`Cannot watch the task: ${fact}`), details)
}
