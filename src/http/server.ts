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
const CONNECTIONS_BESIDE_STREAMS = 4096
const PREFLIGHT_SECONDS = 600

/**
 * Headers of every answer: an API's answers are not to be framed, sniffed, run or leaked in a Referer. A page sets
 * its own Content-Security-Policy over this one.
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
 * How the server meets strangers: headers of 16 KiB within 10 s, a whole request within 20 s, looked at every second.
 * An open stream is an answer, so these do not cut it.
 */
export const SERVER: FastifyHttpOptions<Server, FastifyBaseLogger> = {
  // As long as a URL may be: a task id that is too long is answered by its schema, with every header that hooks set.
  routerOptions: { maxParamLength: URL_BYTES },
  requestTimeout: REQUEST_MS,
  http: { headersTimeout: HEADERS_MS, connectionsCheckingInterval: CHECK_MS, maxHeaderSize: HEADER_BYTES },
  clientErrorHandler: answerClientError,
  // While it drains it answers: to a 503 browsers would not come back.
  return503OnClosing: false,
  // Hooks do not run for a URL that cannot be read.
  frameworkErrors: (error, request, reply) => { sendProblem(error, request, reply.headers(SECURITY_HEADERS)) }
}

export interface Protection {
  /** Origins whose pages may read answers; `*` is any. */
  readonly corsOrigins: readonly string[]
  /** Streams in all; 0 is no limit. */
  readonly maxStreams: number
  /** Over how long streams are ended at a close, in milliseconds; what is open a second later is cut. */
  readonly drainMs: number
}

/** Gives every answer of an app its security headers, and CORS headers for the origins that may have them; bounds URLs, connections, and how long a close waits for them. */
export async function protect (app: FastifyInstance, { corsOrigins, maxStreams, drainMs }: Protection): Promise<void> {
  if (maxStreams > 0) app.server.maxConnections = maxStreams + CONNECTIONS_BESIDE_STREAMS
  app.setErrorHandler(sendProblem)
  app.addHook('onRequest', (request, reply, next) => {
    reply.headers(SECURITY_HEADERS)
    const fits = request.raw.url!.length <= URL_BYTES
    next(fits ? undefined : new RelayError('URL_TOO_LONG', `Cannot read the request: its URL is longer than ${URL_BYTES} bytes`))
  })
  // Not onClose, which comes when the server has closed.
  app.addHook('preClose', async () => {
    // A connection that never asked for anything is not idle to Node, which would wait for it without end.
    setTimeout(() => { app.server.closeAllConnections() }, drainMs + CLOSE_MS).unref()
  })
  if (corsOrigins.length > 0) await app.register(cors, corsOptions(corsOrigins))
}

function corsOptions (origins: readonly string[]) {
  return {
    origin: [...origins],
    // The cookie ticket of another site; a browser refuses credentials together with any origin.
    credentials: !origins.includes('*'),
    methods: ['GET', 'HEAD'],
    allowedHeaders: ['Authorization', 'Last-Event-ID'],
    exposedHeaders: ['Retry-After'],
    maxAge: PREFLIGHT_SECONDS,
    // An OPTIONS request that is no preflight is none of a browser's, and gets an empty answer.
    strictPreflight: false
  }
}

/** What Node calls it, and what we do. */
const CLIENT_ERRORS: Readonly<Record<string, RelayErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE'
}

/** Answers what is no HTTP request, and hangs up. */
function answerClientError ({ code }: { code: string }, socket: Socket): void {
  // After other bytes this would stand in the middle of another answer.
  if (socket.writable && socket.bytesWritten === 0) {
    socket.write(rawAnswer(new RelayError(CLIENT_ERRORS[code] ?? 'REQUEST_INVALID', 'Cannot read the request: it is not HTTP as expected, or too large, or too slow')))
  }
  socket.destroySoon()
}

function rawAnswer (error: RelayError): string {
  const problem = toProblem(error)
  const body = JSON.stringify(problem)
  const headers = { ...SECURITY_HEADERS, 'content-type': PROBLEM_TYPE, 'content-length': body.length, connection: 'close' }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join('')}\r\n${body}`
}
