import type { FastifyRequest } from 'fastify'
import { RelayError } from '../../errors.ts'
import { secretCheck } from '../../secrets.ts'
import type { AuthFailures } from './failures.ts'
import { isCrossOrigin, isLocal } from './local.ts'
import { networkOf } from './network.ts'
import type { RefusalLog } from './refusal-log.ts'

/** Options of the check of administrators. */
export interface AdminCheckOptions {
  /** `ADMIN_TOKEN`; empty: only local requests are accepted. */
  readonly token: string
  /** true: a proxy of this machine may pass on requests of others, so that without a token none is accepted. */
  readonly isBehindProxy: boolean
  readonly failures: AuthFailures
  readonly refusals: RefusalLog
}

/** Checks of requests of the operator. Both throw a {@link RelayError} `ADMIN_TOKEN_INVALID`. */
export interface AdminCheck {
  /** true: a token is needed. */
  readonly needsToken: boolean
  /**
   * Checks a request for data or an action. It compares the token in constant time, and counts failures with those of
   * callbacks. It accepts no page of another origin.
   *
   * @throws {RelayError} also `AUTH_FAILURES_EXCEEDED` over the limit
   */
  requireAdmin (request: FastifyRequest): void
  /** Checks a request for the page, which has no data of its own: anyone may load it to give a token. */
  requirePage (request: FastifyRequest): void
}

/** Creates the checks of `ADMIN_TOKEN`. Without it, they accept requests of this machine under a loopback name. */
export function adminCheck ({ token, isBehindProxy, failures, refusals }: AdminCheckOptions): AdminCheck {
  const isToken = secretCheck(token ? [`Bearer ${token}`] : [])
  const needsToken = token !== ''

  function faultOf (request: FastifyRequest): string | undefined {
    if (isCrossOrigin(request)) return 'a page of another origin sends it'
    if (!needsToken) return localFaultOf(request)
    return isToken(request.headers.authorization ?? '') ? undefined : 'its admin token is missing or wrong'
  }

  function localFaultOf (request: FastifyRequest): string | undefined {
    if (isBehindProxy) return 'ADMIN_TOKEN is not set, and TRUST_PROXY or PUBLIC_URL names a proxy'
    return isLocal(request) ? undefined : 'ADMIN_TOKEN is not set, and the request is not from this machine'
  }

  return {
    needsToken,

    requireAdmin (request) {
      const fault = faultOf(request)
      if (fault === undefined) return
      const network = networkOf(request.ip)
      const isOverLimit = failures.recordFailure(network)
      refusals.unauthenticated(network, 'admin')
      throw isOverLimit ? tooManyFailures() : invalid(fault)
    },

    requirePage (request) {
      const fault = needsToken ? undefined : localFaultOf(request)
      if (fault !== undefined) throw invalid(fault)
    }
  }
}

function invalid (fact: string): RelayError {
  const message = `Cannot accept the request: ${fact}, expected Authorization: Bearer with ADMIN_TOKEN`
  return new RelayError('ADMIN_TOKEN_INVALID', message)
}

function tooManyFailures (): RelayError {
  const message = 'Cannot accept the request: too many unauthenticated requests from this address in the last minute'
  return new RelayError('AUTH_FAILURES_EXCEEDED', message)
}
