import type { EventSourceMessage } from 'eventsource-parser'
import type { RelayEvent, Replay } from '../../schemas/relay-event.ts'
import type { WatchOptions, WatchStatus } from './options.ts'

/**
 * State of one watch. A plain record changed by functions: bundlers shorten the names of functions, but not those of
 * methods.
 */
export interface Watch extends WatchOptions {
  /** URL of the relay, without a slash at the end. */
  readonly base: string
  /** Path and query after `/events` and `/tasks`: `/<task id>?` or, for several tasks, `?task=<task id>&`. */
  readonly path: string
  /** Applies a frame of several tasks, in place of one task. */
  readonly toEvent?: (watch: Watch, frame: EventSourceMessage) => RelayEvent | undefined
  /** Polls several tasks, in place of one task. */
  readonly poll?: Attempt
  readonly firstFrameMs: number
  readonly silenceMs: number
  readonly pollMs: number
  /** Ticket in use. Empty or undefined if there is none, or if the next request has to get one. */
  bearer?: string
  /** Whether a function fetched the ticket and the server has accepted it, so that a 401 means that it has expired. */
  renewable?: boolean
  /** Id of the last delivered event, or of the position before the first. Empty until it is known. */
  cursor: string
  /** Past events to ask for while there is no cursor. */
  replay: Replay
  /** Delay before a reconnect, in milliseconds. */
  retryMs: number
  /** Number of attempts that failed in a row. */
  failures: number
  /** Whether the next attempt polls JSON. */
  polling: boolean
  /** Earliest time of the next stream, in milliseconds since 1970. Infinity if the platform cannot stream. */
  streamAt: number
  /** Status of the watch. Change it with `setStatus`. */
  status: WatchStatus
  /** Aborts the current attempt, or the pause before it. */
  attempt?: AbortController
  /** Whether the watch has ended. */
  stopped?: boolean
}

/** One attempt. Yields new events, and returns the delay before the next attempt, in milliseconds. */
export type Attempt = (watch: Watch, signal: AbortSignal) => AsyncGenerator<RelayEvent, number, undefined>

const INITIAL_RETRY_MS = 1000

/** Creates the state of a new watch. */
export function createWatch (baseUrl: string | URL, taskId: string, options: WatchOptions): Watch {
  const { cursor = '', replay = 'latest', firstFrameMs = 5000, silenceMs = 45_000, pollMs = 25_000 } = options
  // The `fetch` of React Native has no body streams: it answers only when a stream has ended.
  const streamAt = options.fetch || 'body' in Response.prototype ? 0 : Infinity
  return {
    ...options,
    base: String(baseUrl).replace(/\/+$/, ''),
    path: `/${encodeURIComponent(taskId)}?`,
    firstFrameMs,
    silenceMs,
    pollMs,
    cursor,
    replay,
    retryMs: INITIAL_RETRY_MS,
    failures: 0,
    polling: streamAt > 0,
    streamAt,
    status: { connection: 'connecting', failure: undefined }
  }
}
