import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import cors from '@fastify/cors'
import type { FastifyBaseLogger, FastifyHttpOptions, FastifyInstance } from 'fastify'
import { RelayError, type RelayErrorCode } from '../errors.ts'
import { PROBLEM_TYPE, sendProblem, toProblem } from './problems.ts'

const HEADER_BYTES = 16_384
const URL_BYTES = 8192
const HEADERS_MS = 10_000
const REQUEST_MS = 20_000
const CHECK_MS = 1000
const CLOSE_MS = 1000
const OTHER_CONNECTIONS = 4096
const PREFLIGHT_SECONDS = 600

/**
 * Headers of every answer. They forbid framing, sniffing, scripts and a Referer with the URL. The live page overrides
 * the Content-Security-Policy.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
 */
export const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY'
}

/**
 * Options for Fastify that bound every request: 16 KiB of headers within 10 s, the whole request within 20 s, checked
 * every second. An open stream is a response, so these limits never cut it.
 */
export const SERVER_OPTIONS: FastifyHttpOptions<Server, FastifyBaseLogger> = {
  // The URL limit, so that the route's schema refuses a long task id, with all headers that hooks set.
  routerOptions: { maxParamLength: URL_BYTES },
  requestTimeout: REQUEST_MS,
  http: { headersTimeout: HEADERS_MS, connectionsCheckingInterval: CHECK_MS, maxHeaderSize: HEADER_BYTES },
  clientErrorHandler: answerClientError,
  // The server answers while it drains: browsers do not reconnect after a 503.
  return503OnClosing: false,
  // Fastify runs no hooks for a URL that it cannot decode.
  frameworkErrors: (error, request, reply) => { sendProblem(error, request, reply.headers(SECURITY_HEADERS)) }
}

/** Options of `harden()`. */
export interface HardenOptions {
  /** Origins whose pages may read answers; `*` is any. */
  readonly corsOrigins: readonly string[]
  /** Maximum number of open streams; 0 is no limit. */
  readonly maxStreams: number
  /** Time over which a close ends streams, in milliseconds. Connections open a second later are cut. */
  readonly drainMs: number
}

/**
 * Adds security headers and CORS headers to every answer of an app. Limits its URLs, its connections and the time that
 * a close waits for connections.
 */
export async function harden (app: FastifyInstance, options: HardenOptions): Promise<void> {
  const { corsOrigins, maxStreams, drainMs } = options
  if (maxStreams > 0) app.server.maxConnections = maxStreams + OTHER_CONNECTIONS
  app.setErrorHandler(sendProblem)
  app.addHook('onRequest', (request, reply, next) => {
    reply.headers(SECURITY_HEADERS)
    if (request.raw.url!.length <= URL_BYTES) return next()
    next(new RelayError('URL_TOO_LONG', `Cannot read the request: its URL is longer than ${URL_BYTES} bytes`))
  })
  // Fastify calls onClose only after the server has closed, which is too late.
  app.addHook('preClose', async () => {
    // Node does not count a connection without a request as idle and would wait for it forever.
    setTimeout(() => { app.server.closeAllConnections() }, drainMs + CLOSE_MS).unref()
  })
  if (corsOrigins.length > 0) await app.register(cors, corsOptions(corsOrigins))
}

function corsOptions (origins: readonly string[]) {
  return {
    origin: [...origins],
    // Pages of other origins may send the ticket cookie. Browsers refuse credentials together with `*`.
    credentials: !origins.includes('*'),
    methods: ['GET', 'HEAD'],
    allowedHeaders: ['Authorization', 'Last-Event-ID'],
    exposedHeaders: ['Retry-After'],
    maxAge: PREFLIGHT_SECONDS,
    // An OPTIONS request without preflight headers gets an empty answer.
    strictPreflight: false
  }
}

/** Codes of Node's parser, mapped to ours. */
const CLIENT_ERRORS: Readonly<Record<string, RelayErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE'
}

/** Answers bytes that are not an HTTP request, then closes the connection. */
function answerClientError ({ code }: { code: string }, socket: Socket): void {
  // After other bytes, the problem would land inside another answer.
  if (socket.writable && socket.bytesWritten === 0) {
    const message = 'Cannot read the request: it is malformed, too large or too slow'
    socket.write(rawAnswer(new RelayError(CLIENT_ERRORS[code] ?? 'REQUEST_INVALID', message)))
  }
  socket.destroySoon()
}

function rawAnswer (error: RelayError): string {
  const problem = toProblem(error)
  const body = JSON.stringify(problem)
  const framing = { 'content-type': PROBLEM_TYPE, 'content-length': body.length, connection: 'close' }
  const lines = Object.entries({ ...SECURITY_HEADERS, ...framing }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join('')}\r\n${body}`
}
