import type { OutgoingHttpHeaders, Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import { RelayError, type RelayErrorCode } from '../errors.ts'
import { OVERLOADED } from './guards/under-way.ts'
import { PROBLEM_TYPE, RETRY_AFTER_SECONDS, toProblem } from './problems.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

/** Codes of Node's parser, mapped to ours. */
const CLIENT_ERRORS: Readonly<Record<string, RelayErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE'
}

const CLOSE = { connection: 'close' }
const REFUSAL = answerTo(new RelayError('OVERLOADED', OVERLOADED), { 'retry-after': RETRY_AFTER_SECONDS })

/**
 * Answers `OVERLOADED` for half of what an error costs in Fastify: under overload, refusals are most of the work.
 *
 * It answers at the end of this turn of the event loop. At once, further requests on the same connections would make
 * the turn longer: libuv ends one only after 49,152 events, or when fewer than 1,024 are ready.
 *
 * @throws {TypeError} if a hook has set an invalid header; the reply is not hijacked then
 */
export function answerOverload (reply: FastifyReply): void {
  const { status, headers, body } = REFUSAL
  // Throws if a hook has set an invalid header: Fastify can still send an error.
  reply.raw.writeHead(status, { ...reply.getHeaders() as OutgoingHttpHeaders, ...headers })
  reply.hijack()
  setImmediate(() => { reply.raw.end(body) })
}

/** Answers bytes that are not an HTTP request, then closes the connection. */
export function answerClientError ({ code }: { code: string }, socket: Socket): void {
  // A client that leaves a stream with a reset comes here, too.
  if (!isUnanswered(socket)) return socket.destroySoon()
  const message = 'Cannot read the request: it is malformed, too large or too slow'
  writeProblem(socket, new RelayError(CLIENT_ERRORS[code] ?? 'REQUEST_INVALID', message))
}

/** Makes a server answer the requests that Node would otherwise answer by itself, without a body and our headers. */
export function answerSpecialRequests (server: Server): void {
  server.on('checkExpectation', (_request, response: ServerResponse) => {
    const error = new RelayError('EXPECTATION_FAILED', 'Cannot meet the Expect header: expected 100-continue or none')
    const { status, headers, body } = answerTo(error, CLOSE)
    response.writeHead(status, headers).end(body)
  })
  server.on('connect', (_request, socket) => {
    writeProblem(socket as Socket, new RelayError('METHOD_NOT_ALLOWED', 'Cannot CONNECT: this server is not a proxy'))
  })
}

/** Whether a connection can get a first answer: after other bytes, a problem would land inside another answer. */
function isUnanswered (socket: Socket): boolean {
  return socket.writable && socket.bytesWritten === 0
}

function writeProblem (socket: Socket, error: RelayError): void {
  if (isUnanswered(socket)) socket.write(toText(answerTo(error, CLOSE)))
  socket.destroySoon()
}

type Answer = ReturnType<typeof answerTo>

function answerTo (error: RelayError, others: Record<string, string | number>) {
  const { status, title, ...rest } = toProblem(error)
  const body = JSON.stringify({ ...rest, title, status })
  const framing = { 'content-type': PROBLEM_TYPE, 'content-length': Buffer.byteLength(body) }
  return { status, title, headers: { ...SECURITY_HEADERS, ...framing, ...others }, body }
}

function toText ({ status, title, headers, body }: Answer): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${title}\r\n${lines.join('')}\r\n${body}`
}
