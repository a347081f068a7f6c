import { setTimeout as delay } from 'node:timers/promises'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { phraseReady, post } from '../support/callbacks.ts'
import type { Seen, Watched } from './verify.ts'

const POST_PAUSE_MS = 15
const RETRY_MS = 50

/** Addresses of the relays. A relay that is started again keeps its address. */
export type Nodes = readonly string[]

/** A sender that posts numbered callbacks for one task, each again and again until a relay answers 200. */
export interface Poster {
  readonly taskId: string
  readonly acknowledged: readonly Seen[]
  /** Answers other than 200, and connections without an answer. */
  readonly refusals: number
  /** Resolves when a callback is acknowledged whose last attempt began after the call. */
  nextAcknowledged (): Promise<void>
  /** Ends with the callback that is under way, once it is acknowledged. */
  stop (): Promise<void>
}

export function startPoster (nodes: Nodes, taskId: string): Poster {
  const acknowledged: Seen[] = []
  let waiting: Array<{ since: number, resolve: () => void }> = []
  const end = new AbortController()
  let attempts = 0
  let refusals = 0

  async function attempt (text: string): Promise<boolean> {
    const start = performance.now()
    const url = nodes[attempts++ % nodes.length] as string
    const reply = await post(url, phraseReady(taskId, text)).catch(() => undefined)
    if (reply?.status !== 200) {
      refusals++
      return false
    }
    acknowledged.push({ id: reply.json.eventId, text })
    for (const { since, resolve } of waiting) if (since <= start) resolve()
    waiting = waiting.filter(({ since }) => since > start)
    return true
  }

  async function run (): Promise<void> {
    for (let n = 1; !end.signal.aborted; n++) {
      while (!await attempt(`callback ${n}`)) await delay(RETRY_MS)
      await delay(POST_PAUSE_MS)
    }
  }

  const running = run()
  return {
    taskId,
    acknowledged,
    get refusals () { return refusals },
    nextAcknowledged: () => new Promise((resolve) => { waiting.push({ since: performance.now(), resolve }) }),
    async stop () {
      end.abort()
      await running
    }
  }
}

/** A watcher that connects again with its last id, to the next relay if its own does not answer. */
export interface Watcher extends Watched {
  /** Resolves when its first stream is open. */
  readonly open: Promise<void>
  stop (): void
}

export function startWatcher (nodes: Nodes, first: number, taskId: string): Watcher {
  const log: Array<Seen | 'gap'> = []
  const end = new AbortController()
  let isOpen = (): void => {}
  const open = new Promise<void>((resolve) => { isOpen = resolve })
  let lastId = ''

  async function connect (url: string): Promise<void> {
    const headers = { accept: 'text/event-stream', ...lastId && { 'last-event-id': lastId } }
    const response = await fetch(`${url}/events/${taskId}`, { headers, signal: end.signal })
    const events = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
    for await (const { id, event, data } of events ?? []) {
      if (id !== undefined) lastId = id
      const content = JSON.parse(data)
      if (event === 'subscribed') {
        isOpen()
        if (content.gap) log.push('gap')
      } else if (event !== 'closing') {
        log.push({ id: id ?? '', text: content.validateInfo })
      }
    }
  }

  async function run (): Promise<void> {
    for (let n = first; !end.signal.aborted; n++) {
      await connect(nodes[n % nodes.length] as string).catch(() => {})
      await delay(RETRY_MS)
    }
  }

  run()
  return { taskId, node: nodes[first] as string, log, open, stop () { end.abort() } }
}

/** Reads all kept events of a task. */
export async function readTask (url: string, taskId: string): Promise<Seen[]> {
  const all: Seen[] = []
  for (;;) {
    const response = await fetch(`${url}/tasks/${taskId}?after=${all.at(-1)?.id ?? ''}`)
    if (response.status !== 200) throw new Error(`Cannot read ${taskId}: ${response.status}`)
    const { events } = await response.json() as { events: Array<{ id: string, data: { validateInfo: string } }> }
    if (events.length === 0) return all
    all.push(...events.map(({ id, data }) => ({ id, text: data.validateInfo })))
  }
}
