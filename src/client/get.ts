import { attemptFailed, WatchRefused } from './errors.ts'
import type { Watch } from './watch.ts'

/**
 * Sends a request to the relay, with a ticket if the watch has one. Resolves with a 2xx response.
 *
 * @param path - starts with a slash; the cursor is appended to it
 * @throws {WatchRefused} if repeating the request cannot help
 * @throws {AttemptFailed} if it can
 */
export async function get (watch: Watch, path: string, signal: AbortSignal, accept = '*/*'): Promise<Response> {
  const { fetch = globalThis.fetch } = watch
  const headers = { accept, ...await authorization(watch) }
  const response = await fetch(watch.base + path + encodeURIComponent(watch.cursor), { headers, signal })
  if (response.status === 401 && watch.renewable) {
    watch.bearer = ''
    return get(watch, path, signal, accept)
  }
  if (!response.ok) throw await toError(response)
  watch.renewable = typeof watch.ticket === 'function'
  return response
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
  return attemptFailed(`status ${status}`, Number(response.headers.get('retry-after')) * 1000 || 0)
}
