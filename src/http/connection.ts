import type { EventEmitter } from 'node:events'
import { ServerResponse, validateHeaderValue, type OutgoingHttpHeaders } from 'node:http'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { FastifyReply } from 'fastify'

const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff'
}

/** The headers of a stream's answer: those that hooks set on the reply, then those that a stream needs. */
export function streamHeaders (reply: FastifyReply): OutgoingHttpHeaders {
  return { ...reply.getHeaders() as OutgoingHttpHeaders, ...STREAM_HEADERS }
}

/**
 * Begins an answer whose body ends with its connection, in place of chunks: head and first chunk leave in one write.
 *
 * @param reply - is hijacked
 * @returns what takes the rest of the body: the socket, since what a response does beside is waste from here on; the
 *   response where it has no socket of its own, as in `inject()` and HTTP/2
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-6.3
 */
export function beginBody (reply: FastifyReply, first: string): Writable {
  const { raw } = reply
  const { socket } = raw
  const headers = streamHeaders(reply)
  reply.hijack()
  // A response that waits for another one on its connection has no socket yet.
  if (raw instanceof ServerResponse && socket instanceof Socket) {
    socket.write(headOf(headers) + first)
    return socket
  }
  raw.useChunkedEncodingByDefault = false
  raw.writeHead(200, headers)
  raw.write(first)
  return raw
}

/** The head as node:http writes it, in one string. */
function headOf (headers: OutgoingHttpHeaders): string {
  const lines = Object.entries(headers).map(([name, value]) => headerLine(name, value as string | string[]))
  return `HTTP/1.1 200 OK\r\n${lines.join('')}Date: ${new Date().toUTCString()}\r\nConnection: close\r\n\r\n`
}

function headerLine (name: string, value: string | string[]): string {
  if (Array.isArray(value)) return value.map((one) => headerLine(name, one)).join('')
  validateHeaderValue(name, value)
  return `${name}: ${value}\r\n`
}

/** Calls back when an answer is over, however it ends. */
export function whenOver ({ raw, request }: FastifyReply, callback: () => void): void {
  // A response that waits for another one on its connection is not told that the connection has ended.
  const waits = raw.socket === null && request.raw.socket instanceof Socket
  const told: EventEmitter = waits ? request.raw.socket : raw
  told.on('close', callback)
}

/** Ends what `beginBody()` has returned, after what was handed over. */
export function endBody (out: Writable): void {
  // An end alone would wait for a client that never closes its half.
  if (out instanceof Socket) out.destroySoon()
  else out.end()
}
