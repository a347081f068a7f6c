import { attemptFailed, WatchRefused } from './errors.ts'
import type { Watch } from './watch.ts'

/** Options of a request. */
export interface RequestOptions {
  readonly signal: AbortSignal
  readonly accept?: string
}

/**
 * Sends a request to the relay, with a ticket if the watch has one. Resolves with a 2xx response.
 *
 * @param path - starts with a slash; the cursor is appended to it
 * @throws {WatchRefused} if repeating the request cannot help
 * @throws {AttemptFailed} if it can
 */
export async function get (watch: Watch, path: string, options: RequestOptions): Promise<Response> {
  const response = await send(watch, path, options)
  if (response.status === 401 && watch.renewable) {
    watch.bearer = ''
    return get(watch, path, options)
  }
  if (!response.ok) throw await toError(response)
  watch.renewable = typeof watch.ticket === 'function'
  return response
}

async function send (watch: Watch, path: string, { signal, accept = '*/*' }: RequestOptions): Promise<Response> {
  const { base, fetch = globalThis.fetch } = watch
  const headers = { accept, ...await authorization(watch) }
  try {
    return await fetch(base + path + encodeURIComponent(watch.cursor), { headers, signal, cache: 'no-store' })
  } catch (cause) {
    // A browser reports a response that CORS withholds like a lost connection.
    if (!(cause instanceof TypeError && globalThis.navigator?.onLine)) throw cause
    const cure = `if the relay has another origin, its CORS_ORIGINS must contain ${location.origin}`
    throw attemptFailed(`no response; ${cure}`, { cause })
  }
}

/** Returns the header with the ticket, which is fetched first if necessary. Not in the URL, because proxies log it. */
async function authorization (watch: Watch): Promise<Record<string, string>> {
  const { ticket } = watch
  if (ticket && !watch.bearer) {
    watch.bearer = typeof ticket === 'string' ? ticket : await ticket()
    watch.renewable = false
  }
  return watch.bearer ? { authorization: `Bearer ${watch.bearer}` } : {}
}

async function toError (response: Response): Promise<Error> {
  const { status } = response
  const { code, detail } = await response.json().catch(() => {}) ?? {}
  if (status < 500 && status !== 408 && status !== 429) return new WatchRefused(status, code, detail)
  return attemptFailed(`status ${status}`, { waitMs: Number(response.headers.get('retry-after')) * 1000 || 0 })
}
