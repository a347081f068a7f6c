import { attemptFailed, WatchRefused } from './errors.ts'
import type { State } from './state.ts'

/**
 * Asks the relay, with a ticket where one is wanted; resolves with an answer of success.
 *
 * @param path - begins with a slash; the cursor is put at its end
 * @throws {WatchRefused} when to ask again would not help
 * @throws {AttemptFailed} when it may
 */
export async function get (state: State, path: string, signal: AbortSignal, accept = '*/*'): Promise<Response> {
  const { base, options: { ticket, fetch = globalThis.fetch } } = state
  const renewable = typeof ticket === 'function'
  if (renewable && !state.bearer) {
    state.bearer = await ticket()
    state.proven = false
  }
  // In a header, for every proxy on the way logs the URL.
  const headers: Record<string, string> = state.bearer ? { accept, authorization: `Bearer ${state.bearer}` } : { accept }
  const response = await fetch(base + path + encodeURIComponent(state.cursor), { headers, signal })
  if (response.status === 401 && renewable && state.proven) {
    state.bearer = ''
    return get(state, path, signal, accept)
  }
  if (!response.ok) throw await toError(response)
  state.proven = true
  return response
}

async function toError (response: Response): Promise<Error> {
  const { status } = response
  const { code, detail } = await response.json().catch(() => {}) ?? {}
  if (status < 500 && status !== 408 && status !== 429) return new WatchRefused(status, code, detail)
  return attemptFailed(`status ${status}`, Number(response.headers.get('retry-after')) * 1000 || 0)
}
