/** @import { EventName, RelayEvent } from '../../schemas/event.ts' */

/** @type {EventName[]} */
const NAMES = ['phrase-ready', 'phrase-failed', 'voice-ready', 'voice-failed', 'task-update']
const REFUSALS = [401, 403]
const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 30_000

/**
 * What a watch tells.
 *
 * @typedef {object} Told
 * @property {(state: 'connecting' | 'live' | 'reconnecting') => void} state
 * @property {(status: number) => void} refused 401: no valid ticket, 403: one for other tasks; the watch has ended
 * @property {(name: string, data: any) => void} note what the stream says of itself: `subscribed`, `closing`
 * @property {(event: RelayEvent) => void} event once for each event, in order
 */

/**
 * Watches a task with the browser's own `EventSource`, and outlives what that does not: it gives up for good on any
 * error status, such as a proxy's while the server restarts.
 *
 * @param {string} taskId
 * @param {string} ticket none when empty
 * @param {string} cursor the last event id that is known; everything kept when empty
 * @param {Told} told
 */
export function watch (taskId, ticket, cursor, told) {
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
    source.addEventListener('error', failed)
    source.addEventListener('subscribed', greet)
    source.addEventListener('closing', ({ data }) => { told.note('closing', JSON.parse(data)) })
    for (const name of NAMES) source.addEventListener(name, hear)
  }

  function streamUrl () {
    const query = new URLSearchParams({ replay: 'all' })
    if (cursor) query.set('lastEventId', cursor)
    if (ticket) query.set('ticket', ticket)
    return `events/${taskId}?${query}`
  }

  /** @param {MessageEvent} event */
  function greet ({ data, lastEventId }) {
    tries = 0
    cursor = lastEventId
    told.state('live')
    told.note('subscribed', JSON.parse(data))
  }

  /** @param {MessageEvent} event */
  function hear ({ type, data, lastEventId }) {
    cursor = lastEventId
    told.event({ id: lastEventId, event: /** @type {EventName} */ (type), data: JSON.parse(data) })
  }

  async function failed () {
    told.state('reconnecting')
    if (source.readyState !== EventSource.CLOSED) return
    const gone = source
    const status = await ask()
    if (closed || source !== gone) return
    if (REFUSALS.includes(status)) {
      close()
      told.refused(status)
      return
    }
    timer = setTimeout(open, Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** tries++) * (1 + Math.random() / 2))
  }

  /** The status of the task's JSON, which an `EventSource` keeps to itself; 0 when nothing answers. */
  async function ask () {
    try {
      const response = await fetch(`tasks/${taskId}`, { headers: ticket ? { authorization: `Bearer ${ticket}` } : {}, cache: 'no-store' })
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
    /** The id of the last event. */
    get cursor () { return cursor },
    /** Connects anew, now: the network has changed under the connection. */
    reopen () { if (!closed) open() },
    close
  }
}
