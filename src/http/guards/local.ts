import type { FastifyRequest } from 'fastify'
import { isLoopback, isLoopbackAddress } from '../../loopback.ts'
import { hostnameOf } from './host.ts'

// A proxy may send the name of its upstream, and any client a forged X-Forwarded-Host.
const FORWARDED = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip']

/**
 * Whether a request comes from this machine, under a loopback name, and no proxy has passed it on. Other names come by
 * a proxy, a tunnel or DNS rebinding.
 */
export function isLocal ({ headers, raw: { socket } }: FastifyRequest): boolean {
  const isDirect = isLoopbackAddress(socket.remoteAddress) && !FORWARDED.some((name) => name in headers)
  return isDirect && isLoopback(hostnameOf(headers.host ?? ''))
}

/**
 * Whether a page of another origin sends a request. A preflight does not protect POST: it needs no entry in
 * Access-Control-Allow-Methods. The browser's own word comes first: a proxy may have changed the Host.
 *
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 */
export function isCrossOrigin ({ headers: { origin, 'sec-fetch-site': site }, host }: FastifyRequest): boolean {
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return origin !== undefined && URL.parse(origin)?.host !== host
}
