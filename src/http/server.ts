import type { Server } from 'node:http'
import cors from '@fastify/cors'
import type { FastifyBaseLogger, FastifyHttpOptions, FastifyInstance, FastifyRequest } from 'fastify'
import { RelayError } from '../errors.ts'
import { COMPILERS } from './compilers.ts'
import { corsOptions } from './cors.ts'
import { normalizeForwardedFor } from './guards/network.ts'
import { sendProblem } from './problems.ts'
import { answerClientError, answerSpecialRequests } from './raw-answers.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

const HEADER_BYTES = 16_384
const URL_BYTES = 8192
const MAX_PARAMETERS = 64
const HEADERS_MS = 10_000
const REQUEST_MS = 20_000
const CHECK_MS = 1000
const CLOSE_MS = 1000

/**
 * Options for Fastify that bound every request: 16 KiB of headers within 10 s, the whole request within 20 s, checked
 * every second. An open stream is a response, so these limits never cut it.
 */
export const SERVER_OPTIONS: FastifyHttpOptions<Server, FastifyBaseLogger> = {
  routerOptions: {
    // The URL limit, so that the route's schema refuses a long task id, with all headers that hooks set.
    maxParamLength: URL_BYTES,
    // A proxy that joins a prefix and a path may double a slash or add one at the end.
    ignoreTrailingSlash: true,
    ignoreDuplicateSlashes: true
  },
  schemaController: COMPILERS,
  requestTimeout: REQUEST_MS,
  http: {
    headersTimeout: HEADERS_MS,
    connectionsCheckingInterval: CHECK_MS,
    maxHeaderSize: HEADER_BYTES,
    // Node would answer by itself, without a body and our headers.
    requireHostHeader: false
  },
  clientErrorHandler: answerClientError,
  // The server answers while it drains: browsers do not reconnect after a 503.
  return503OnClosing: false,
  // Fastify runs no hooks for a URL that it cannot decode.
  frameworkErrors: (error, request, reply) => { sendProblem(error, request, reply.headers(SECURITY_HEADERS)) }
}

/**
 * Returns the proxies to trust, for Fastify.
 *
 * @param setting - `TRUST_PROXY`: `off`, a number of proxies, or a comma list of addresses, networks and names
 */
export function trustedProxies (setting: string): false | string | ((address: string, hop: number) => boolean) {
  if (setting === 'off') return false
  const hops = Number(setting)
  // Fastify trusts nobody for a number.
  return Number.isNaN(hops) ? setting : (_address, hop) => hop < hops
}

/** Options of `harden()`. */
export interface HardenOptions {
  /** Origins whose pages may read answers; `*` is any. */
  readonly corsOrigins: readonly string[]
  /** Maximum number of connections; 0 is no limit. */
  readonly maxConnections: number
  /** true: `X-Forwarded-For` is trusted. */
  readonly trustsProxy: boolean
  /** Time over which a close ends streams, in milliseconds. Connections open a second later are cut. */
  readonly drainMs: number
}

/**
 * Adds security headers and CORS headers to every answer of an app. Limits its URLs, its connections and the time that
 * a close waits for connections.
 */
export async function harden (app: FastifyInstance, options: HardenOptions): Promise<void> {
  const { corsOrigins, maxConnections, trustsProxy, drainMs } = options
  if (maxConnections > 0) app.server.maxConnections = maxConnections
  answerSpecialRequests(app.server)
  app.setErrorHandler(sendProblem)
  app.addHook('onRequest', (request, reply, next) => {
    reply.headers(SECURITY_HEADERS)
    // Before anything reads the address of the client.
    if (trustsProxy) normalizeForwarded(request)
    next(faultOf(request))
  })
  // Fastify calls onClose only after the server has closed, which is too late.
  app.addHook('preClose', async () => {
    // Node does not count a connection without a request as idle and would wait for it forever.
    setTimeout(() => { app.server.closeAllConnections() }, drainMs + CLOSE_MS).unref()
  })
  if (corsOrigins.length > 0) await app.register(cors, corsOptions(corsOrigins))
}

function normalizeForwarded ({ raw: { headers } }: FastifyRequest): void {
  const { 'x-forwarded-for': header } = headers
  if (typeof header === 'string') headers['x-forwarded-for'] = normalizeForwardedFor(header)
}

function faultOf ({ raw: { url = '', headers, httpVersion } }: FastifyRequest): RelayError | undefined {
  if (url.length > URL_BYTES) {
    return new RelayError('URL_TOO_LONG', `Cannot read the request: its URL is longer than ${URL_BYTES} bytes`)
  }
  // Parsing and validating thousands of parameters costs several times as much as a refusal.
  if (url.split('&', MAX_PARAMETERS + 1).length > MAX_PARAMETERS) {
    return new RelayError('REQUEST_INVALID', `Cannot read the request: it has more than ${MAX_PARAMETERS} parameters`)
  }
  // HTTP/1.1 requires a Host: https://www.rfc-editor.org/rfc/rfc9112#section-3.2
  if (headers.host !== undefined || httpVersion === '1.0') return undefined
  return new RelayError('REQUEST_INVALID', 'Cannot read the request: it has no Host header')
}
