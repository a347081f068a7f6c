import type { Replay, Subscribed } from '../../schemas/relay-event.ts'

/** A ticket, or a function that fetches one. */
export type Ticket = string | (() => string | Promise<string>)

/** Options that the client passes to `fetch`. */
export interface FetchInit {
  readonly headers: Record<string, string>
  readonly signal: AbortSignal
  /** Without it, some frameworks cache responses. */
  readonly cache: 'no-store'
}

/** The part of `fetch` that the client uses. */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>

/**
 * Connection of a watch to the relay:
 *
 * - `connecting`: the first attempt is under way
 * - `live`: a stream is open
 * - `polling`: JSON requests get through
 * - `reconnecting`: the last connection has ended, and the client tries again
 * - `offline`: the same, and the browser reports that it has no network
 * - `refused`: the server refuses the watch for good
 */
export type Connection = 'connecting' | 'live' | 'polling' | 'reconnecting' | 'offline' | 'refused'

/** Status of a watch. */
export interface WatchStatus {
  /** Connection to the relay. After the watch has ended, the last one. */
  readonly connection: Connection
  /** Error of the last attempt that failed since the watch was `live`. Its message says why, in words. */
  readonly failure: Error | undefined
}

/** State of a task, as the server reports it. */
export type TaskReport = Pick<Subscribed, 'taskId' | 'state' | 'submittedAt' | 'lastEventId'>

/** Options for `watchTask`. All times are in milliseconds. */
export interface WatchOptions {
  /**
   * Ticket for the task, sent as `Authorization: Bearer`. A function is called before the first request, and again when
   * the server reports that the ticket has expired. If it throws, it is called again later; if it throws a
   * `WatchRefused`, the watch ends. Default: no ticket.
   */
  readonly ticket?: Ticket | undefined
  /** Id of the last event received by an earlier watch. Only later events are delivered. Default: none. */
  readonly cursor?: string | undefined
  /** Past events to deliver if there is no cursor: the newest one, all that are kept, or none. Default `latest`. */
  readonly replay?: Replay | undefined
  /** Max time until a new stream sends its first event. After that the client polls JSON instead. Default 5,000. */
  readonly firstFrameMs?: number | undefined
  /** Max silence on a stream before the client reconnects. Default 45,000: three keep-alives of the server. */
  readonly silenceMs?: number | undefined
  /**
   * How long the server may hold a JSON request, at most 60,000. Default 25,000. The client gives up after twice this
   * time, and tries a stream again after twelve times.
   */
  readonly pollMs?: number | undefined
  /** Replacement for the global `fetch`. Each request asks for `cache: 'no-store'`. */
  readonly fetch?: Fetch | undefined
  /** Ends the watch, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /**
   * Called when events may have been missed: the server lost its history, or no longer keeps everything after the
   * cursor. The events that it still keeps are delivered next.
   */
  readonly onGap?: (() => void) | undefined
  /**
   * Called with the error of an attempt that failed and will be repeated. Use it for a log or an offline sign. A
   * response that CORS withholds looks like a lost connection to a page, so it is reported here too: the message then
   * names `CORS_ORIGINS` of the relay.
   */
  readonly onFailure?: ((error: Error) => void) | undefined
  /** Called when the status of the watch changes: the connection, or the message of the last failure. */
  readonly onStatus?: ((status: WatchStatus) => void) | undefined
  /**
   * Called with the state of the task when a stream starts, and with each JSON answer that has one. It tells an unknown
   * task from one that waits, and names the time of the submission whose outcome is expected.
   */
  readonly onReport?: ((report: TaskReport) => void) | undefined
}
