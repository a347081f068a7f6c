import type { FastifyRequest } from 'fastify'
import { RelayError } from '../../errors.ts'
import { secretCheck } from '../../secrets.ts'
import { isCrossOrigin, isLocal } from './local.ts'

/** Checks that a request comes from the app's own backend. */
export type CheckApiToken = (request: FastifyRequest) => void

/**
 * Creates the check of `API_TOKENS`. Without any, it accepts requests of this machine to a loopback name, that no
 * proxy has passed on and no page of another origin has sent. Other names come by a proxy, a tunnel or DNS rebinding.
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

function requireLocal (request: FastifyRequest): void {
  if (!isLocal(request)) {
    throw invalid('API_TOKENS is not set, and the request is not from this machine under a loopback name')
  }
  if (isCrossOrigin(request)) throw invalid('a page of another origin sends it')
}

function invalid (fact: string): RelayError {
  const message = `Cannot accept the request: ${fact}, expected Authorization: Bearer with one of API_TOKENS`
  return new RelayError('API_TOKEN_INVALID', message)
}
