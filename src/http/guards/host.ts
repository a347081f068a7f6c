import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { RelayError } from '../../errors.ts'
import { isLoopback } from '../../loopback.ts'

// Probes of Kubernetes name the pod's address. Their answers contain no secrets.
const PROBE = /\/(?:healthz|readyz)$/

/**
 * Creates the hook that serves only loopback names and the host of `PUBLIC_URL`, except on the routes of probes:
 * `HOST_UNKNOWN` for others.
 *
 * A relay whose callbacks need no proof needs it. By DNS rebinding, a page of a stranger reaches a loopback address
 * under a name of its own, and no rule of the browser stops it. A proxy that passes the name on is noticed as well.
 *
 * @param publicUrl - empty for none
 */
export function knownHostsOnly (publicUrl: string) {
  const publicHost = publicUrl ? new URL(publicUrl).hostname : undefined

  const isKnown = (name: string) => isLoopback(name) || name === publicHost

  return (request: FastifyRequest, _reply: FastifyReply, next: HookHandlerDoneFunction): void => {
    const { host, headers, routeOptions: { url = '' } } = request
    // Behind a trusted proxy, `host` is the X-Forwarded-Host. A page could set that header, but not the Host.
    const names = [host, headers.host ?? ''].map(hostnameOf)
    next(PROBE.test(url) || names.every(isKnown) ? undefined : unknownHost())
  }
}

/** Returns the host name of a Host header, without its port. */
export function hostnameOf (host: string): string {
  return host.toLowerCase().replace(/^(\[[^\]]*\]|[^:]*).*$/s, '$1').replace(/\.$/, '')
}

function unknownHost (): RelayError {
  const message = 'Cannot serve this host: callbacks need no proof, so only loopback names are served, ' +
    'expected CALLBACK_TOKENS, WEBHOOK_HMAC_KEYS or PUBLIC_URL to be set'
  return new RelayError('HOST_UNKNOWN', message)
}
