/** @import { EventName, RelayEvent } from '../../schemas/event.ts' */

/** @type {EventName[]} */
const NAMES = [
  'phrase-ready', 'phrase-failed', 'voice-ready', 'voice-failed', 'task-update', 'task-overdue', 'task-timeout'
]
const REFUSALS = [401, 403]
const INITIAL_RETRY_MS = 1000
const MAX_RETRY_MS = 30_000

/**
 * Functions that a watch calls.
 *
 * @typedef {object} Handlers
 * @property {(state: 'connecting' | 'live' | 'reconnecting') => void} onState
 * @property {(status: number) => void} onRefused the watch ended; 401: no valid ticket, 403: a ticket for other tasks
 * @property {(name: string, data: any) => void} onNote messages of the stream about itself: `subscribed`, `closing`
 * @property {(event: RelayEvent) => void} onEvent once for each event, in order
 */

/**
 * Watches a task with the browser's `EventSource`. Opens a new one after an error status, such as a proxy's during a
 * restart of the server: an `EventSource` itself never reconnects after one.
 *
 * @param {string} taskId
 * @param {string} ticket empty for none
 * @param {string} cursor id of the last event; empty to replay all that is kept
 * @param {Handlers} handlers
 */
export function watch (taskId, ticket, cursor, handlers) {
  /** @type {EventSource} */
  let source
  let closed = false
  let tries = 0
  /** @type {ReturnType<typeof setTimeout>} */
  let timer

  function open () {
    clearTimeout(timer)
    source?.close()
    source = new EventSource(streamUrl())
    source.addEventListener('error', onError)
    source.addEventListener('subscribed', onSubscribed)
    source.addEventListener('closing', ({ data }) => { handlers.onNote('closing', JSON.parse(data)) })
    for (const name of NAMES) source.addEventListener(name, onEvent)
  }

  function streamUrl () {
    const query = new URLSearchParams({ replay: 'all' })
    if (cursor) query.set('lastEventId', cursor)
    if (ticket) query.set('ticket', ticket)
    return `events/${taskId}?${query}`
  }

  /** @param {MessageEvent} event */
  function onSubscribed ({ data, lastEventId }) {
    tries = 0
    cursor = lastEventId
    handlers.onState('live')
    handlers.onNote('subscribed', JSON.parse(data))
  }

  /** @param {MessageEvent} event */
  function onEvent ({ type, data, lastEventId }) {
    cursor = lastEventId
    handlers.onEvent({ id: lastEventId, event: /** @type {EventName} */ (type), data: JSON.parse(data) })
  }

  async function onError () {
    handlers.onState('reconnecting')
    if (source.readyState !== EventSource.CLOSED) return
    const failed = source
    const status = await fetchStatus()
    if (closed || source !== failed) return
    if (REFUSALS.includes(status)) {
      close()
      handlers.onRefused(status)
      return
    }
    timer = setTimeout(open, Math.min(MAX_RETRY_MS, INITIAL_RETRY_MS * 2 ** tries++) * (1 + Math.random() / 2))
  }

  /** Returns the status of the task's JSON, since `EventSource` does not report its own; 0 without a response. */
  async function fetchStatus () {
    try {
      const headers = ticket ? { authorization: `Bearer ${ticket}` } : {}
      const response = await fetch(`tasks/${taskId}`, { headers, cache: 'no-store' })
      return response.status
    } catch {
      return 0
    }
  }

  function close () {
    closed = true
    clearTimeout(timer)
    source.close()
  }

  open()
  return {
    taskId,
    /** Id of the last event. */
    get cursor () { return cursor },
    /** Reconnects at once, for use when the network has changed. */
    reopen () { if (!closed) open() },
    close
  }
}
