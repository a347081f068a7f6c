import { setTimeout as sleep } from 'node:timers/promises'
import { SunoError, type SunoErrorDetails } from './error.ts'

const MAX_BODY_BYTES = 65_536
const MAX_RETRY_AFTER_SECONDS = 86_400
const RECONNECT_MS = 250
const NO_CONNECTION = new Set([
  'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'
])

/** One HTTP call. */
export interface Call {
  readonly url: string
  readonly init: RequestInit
  /** Whether Suno starts a task when it accepts the call. */
  readonly submits: boolean
}

/** Answer to a call that had one. */
export interface Answer {
  readonly status: number
  /** From `Retry-After`, 0 to a day; null without one that can be read. */
  readonly retryAfterSeconds: number | null
  /** The parsed body; undefined when the body is not JSON. */
  readonly json: unknown
}

/** Sends calls, each within one time limit. */
export interface Exchange {
  /**
   * Sends a call and reads its answer. Connects a second time when no connection was made the first time.
   *
   * @throws {SunoError} `unreachable` when there is no complete answer of at most 64 KiB in time, or a redirect
   */
  send (call: Call): Promise<Answer>
  /** Aborts the calls that are under way. */
  close (): void
}

/** Creates an exchange; `timeoutMs` limits a whole call, from the first connection to the last byte of the body. */
export function createExchange (fetch: typeof globalThis.fetch, timeoutMs: number): Exchange {
  const open = new Set<(fact: string, timedOut: boolean) => void>()

  async function send (call: Call): Promise<Answer> {
    const controller = new AbortController()
    function abort (fact: string, timedOut: boolean): void {
      controller.abort(unreachable(call, fact, { timedOut }))
    }
    const timer = setTimeout(abort, timeoutMs, `no complete answer within ${timeoutMs} ms`, true)
    open.add(abort)
    return connectTwice(fetch, call, controller.signal)
      .catch((error) => { throw controller.signal.aborted ? controller.signal.reason : toSunoError(call, error) })
      .finally(() => {
        clearTimeout(timer)
        open.delete(abort)
      })
  }

  function close (): void {
    for (const abort of open) abort('the client was closed', false)
  }

  return { send, close }
}

async function connectTwice (fetch: typeof globalThis.fetch, call: Call, signal: AbortSignal): Promise<Answer> {
  try {
    return await exchange(fetch, call, signal)
  } catch (error) {
    if (!isNoConnection(error)) throw error
    await sleep(RECONNECT_MS, undefined, { signal })
    return exchange(fetch, call, signal)
  }
}

async function exchange (fetch: typeof globalThis.fetch, call: Call, signal: AbortSignal): Promise<Answer> {
  // A redirect is not followed: the API key must not go elsewhere.
  const { status, headers, body } = await fetch(call.url, { ...call.init, redirect: 'manual', signal })
  if (status >= 300 && status < 400) {
    await body?.cancel()
    throw unreachable(call, `it redirects elsewhere (HTTP ${status})`, { sunoCode: status })
  }
  return { status, retryAfterSeconds: readRetryAfter(headers.get('retry-after')), json: parse(await readText(body)) }
}

/** Reads a body; leaving the loop early cancels the rest of it. */
async function readText (body: Response['body']): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength
    if (bytes > MAX_BODY_BYTES) throw new Error(`its answer is larger than ${MAX_BODY_BYTES} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Reads a number of seconds or an HTTP date. */
function readRetryAfter (text: string | null): number | null {
  if (!text) return null
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - Date.now()) / 1000)
  return Number.isNaN(seconds) ? null : Math.min(Math.max(seconds, 0), MAX_RETRY_AFTER_SECONDS)
}

/** Whether nothing was sent. Node names the cause by a code; Deno names the phase of the HTTP client in words. */
function isNoConnection (error: unknown): boolean {
  const { code = '', message = '' } = causeOf(error)
  return NO_CONNECTION.has(code) || message.includes('client error (Connect)')
}

function toSunoError (call: Call, error: unknown): SunoError {
  if (error instanceof SunoError) return error
  const { message } = causeOf(error)
  if (isNoConnection(error)) return unreachable(call, `no connection: ${message}`, { maybeSubmitted: false })
  return unreachable(call, `no complete answer: ${message}`)
}

function unreachable (call: Call, fact: string, details?: Partial<SunoErrorDetails>): SunoError {
  return new SunoError('unreachable', `${cannot(call)}: ${fact}`, { maybeSubmitted: call.submits, ...details })
}

/** Returns the start of an error's message. */
export function cannot ({ submits }: Pick<Call, 'submits'>): string {
  return submits ? 'Cannot submit to Suno' : 'Cannot ask Suno about the task'
}

/** `fetch` reports every failure as a TypeError whose cause is the failure. */
function causeOf (error: unknown): NodeJS.ErrnoException {
  const { cause = error } = error as Error
  return cause as NodeJS.ErrnoException
}
