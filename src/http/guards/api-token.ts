import type { FastifyRequest } from 'fastify'
import { RelayError } from '../../errors.ts'
import { isLoopback } from '../../loopback.ts'
import { secretCheck } from '../../secrets.ts'

/** Checks that a request comes from the app's own backend. */
export type CheckApiToken = (request: FastifyRequest) => void

/**
 * Creates the check of `API_TOKENS`. Without any, it accepts requests to a loopback name that no page of another origin
 * has sent. A name that is not loopback reaches the relay through a proxy or a tunnel, or by DNS rebinding.
 *
 * The check throws a {@link RelayError} `API_TOKEN_INVALID`.
 */
export function apiTokenCheck (tokens: readonly string[]): CheckApiToken {
  const isAuthorized = secretCheck(tokens.map((token) => `Bearer ${token}`))

  return (request) => {
    if (tokens.length === 0) return requireLocal(request)
    if (!isAuthorized(request.headers.authorization ?? '')) throw invalid('its API token is missing or wrong')
  }
}

function requireLocal ({ headers: { origin }, host, hostname }: FastifyRequest): void {
  if (!isLoopback(hostname)) throw invalid('API_TOKENS is not set, and this is no loopback name')
  // A preflight does not protect POST: it needs no entry in Access-Control-Allow-Methods.
  if (origin !== undefined && URL.parse(origin)?.host !== host) throw invalid('a page of another origin sends it')
}

function invalid (fact: string): RelayError {
  const message = `Cannot accept the request: ${fact}, expected Authorization: Bearer with one of API_TOKENS`
  return new RelayError('API_TOKEN_INVALID', message)
}
