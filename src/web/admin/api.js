const KEY = 'phrase-relay admin token'
const TIMEOUT_MS = 10_000

/** Error of a request that the server has answered. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} detail
   */
  constructor (status, detail) {
    super(detail)
    this.status = status
  }
}

/**
 * Keeps the token for this tab. A cookie would go with requests of other pages.
 *
 * @param {string} token
 */
export function keepToken (token) {
  sessionStorage.setItem(KEY, token)
}

/** Whether this tab has a token. */
export function hasToken () {
  return sessionStorage.getItem(KEY) !== null
}

export function forgetToken () {
  sessionStorage.removeItem(KEY)
}

/**
 * Asks the server.
 *
 * @param {string} path path and query below `admin/api/`
 * @param {RequestInit} [init]
 * @throws {Refused} when the server refuses
 */
export async function get (path, init = {}) {
  const token = sessionStorage.getItem(KEY)
  const headers = { ...init.headers, ...token && { authorization: `Bearer ${token}` } }
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const response = await fetch(`admin/api/${path}`, { ...init, headers, signal, cache: 'no-store' })
  const body = await response.json()
  if (!response.ok) throw new Refused(response.status, body.detail)
  return body
}

/**
 * Makes the server do something. A page of another origin cannot send JSON.
 *
 * @param {string} path path below `admin/api/`
 * @throws {Refused} when the server refuses
 */
export function act (path) {
  return get(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
}
