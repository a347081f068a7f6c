import type { RelayEvent, Replay } from '../../schemas/event.ts'

/** A ticket, or what fetches one: it is called again when the server says that the last one has expired. */
export type Ticket = string | (() => string | Promise<string>)

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: { headers: Record<string, string>, signal: AbortSignal }) => Promise<Response>

/** How to watch a task. Every time is in milliseconds. */
export interface WatchOptions {
  /**
   * Proof that the bearer may watch, sent as `Authorization: Bearer`. A function is called for the first request, and
   * again when the server says that the ticket has expired. When it throws it is called again later; to end the watch
   * let it throw a `WatchRefused`.
   */
  readonly ticket?: Ticket | undefined
  /** Id of the last event that is known, from an earlier watch: only what came after it is handed over. */
  readonly cursor?: string | undefined
  /** What is handed over of the past when there is no cursor: the newest event, everything kept, or nothing. Default `latest`. */
  readonly replay?: Replay | undefined
  /** How long a new stream may take to its first frame before the task's JSON is asked for instead. Default 5,000. */
  readonly firstFrameMs?: number | undefined
  /** How long a stream may be silent before it counts as dead. Default 45,000: three of the server's keep-alives. */
  readonly silenceMs?: number | undefined
  /**
   * How long the server is asked to hold a request for the task's JSON, at most 60,000. Default 25,000. The request is
   * given up after twice as long, and a stream is tried again after twelve times as long.
   */
  readonly pollMs?: number | undefined
  /** What to ask with. Default the global `fetch`. */
  readonly fetch?: Fetch | undefined
  /** Ends the watch, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /**
   * Called when events before the next one may have been missed: the server lost its history, or no longer keeps all
   * that came after the cursor. What it still keeps is handed over next.
   */
  readonly onGap?: (() => void) | undefined
  /** Called with what made an attempt fail that will be made again: for a log, or a sign that there is no connection. */
  readonly onFailure?: ((error: Error) => void) | undefined
}

/**
 * All that a watch knows, changed by the functions of this folder: a record and functions in place of objects with
 * methods, since a bundler shortens the names of the former only.
 */
export interface State {
  /** Where the relay is, without a slash at the end. */
  readonly base: string
  /** URL-encoded. */
  readonly taskId: string
  readonly options: WatchOptions
  readonly pollMs: number
  /** The ticket in use; empty: there is none, or one is to be fetched. */
  bearer: string
  /** false: the ticket was fetched and has not been accepted yet. */
  proven: boolean
  /** Id of the newest event that was handed over, or of the place before the first; empty before it is known. */
  cursor: string
  /** What is wanted of the past while there is no cursor. */
  replay: Replay
  /** How long to wait before a reconnect. */
  retryMs: number
  /** How many attempts failed in a row. */
  failures: number
  /** Whether the next attempt asks for JSON. */
  polling: boolean
  /** When a stream may be tried again, in milliseconds since 1970. */
  streamAt: number
  /** Ends the attempt that is under way, or the pause before it. */
  attempt: AbortController
  /** true: there are to be no more attempts. */
  over: boolean
}

/** One attempt: yields events not handed over before, and returns how long to wait before the next one, in milliseconds. */
export type Attempt = (state: State, signal: AbortSignal) => AsyncGenerator<RelayEvent, number, undefined>

const FIRST_RETRY_MS = 1000

/** The state of a watch that begins. */
export function createState (baseUrl: string | URL, taskId: string, options: WatchOptions): State {
  const { ticket, cursor = '', replay = 'latest', pollMs = 25_000 } = options
  // The fetch of React Native has no bodies to stream: it answers only when a stream has ended.
  const streamAt = options.fetch || 'body' in Response.prototype ? 0 : Infinity
  return {
    base: String(baseUrl).replace(/\/+$/, ''),
    taskId: encodeURIComponent(taskId),
    options,
    pollMs,
    bearer: typeof ticket === 'string' ? ticket : '',
    proven: true,
    cursor,
    replay,
    retryMs: FIRST_RETRY_MS,
    failures: 0,
    polling: streamAt > 0,
    streamAt,
    attempt: new AbortController(),
    over: false
  }
}
