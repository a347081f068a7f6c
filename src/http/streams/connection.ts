import { ServerResponse, validateHeaderName, validateHeaderValue, type OutgoingHttpHeaders } from 'node:http'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { FastifyReply } from 'fastify'

const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff'
}

// A body that its connection ends has its own, once, whatever hooks have set.
const FRAMING = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'])

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
 * @throws {TypeError} when a header that a hook has set would break the head; then the reply is not hijacked
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-6.3
 */
export function beginBody (reply: FastifyReply, first: string): Writable {
  const { raw } = reply
  const { socket } = raw
  const headers = streamHeaders(reply)
  // Hijacked once the head is known to be sound: until then an error can be answered.
  // A response that waits for another one on its connection has no socket yet.
  if (raw instanceof ServerResponse && socket instanceof Socket) {
    const head = headOf(headers)
    reply.hijack()
    // The response never finishes, and what waits for that would hold Fastify's request and reply while the stream is open.
    raw.removeAllListeners('finish').removeAllListeners('error')
    socket.write(head + first)
    return socket
  }
  raw.useChunkedEncodingByDefault = false
  raw.writeHead(200, headers)
  reply.hijack()
  raw.write(first)
  return raw
}

/** The head as node:http writes it, in one string. */
function headOf (headers: OutgoingHttpHeaders): string {
  const lines = Object.entries(headers).filter(([name]) => !FRAMING.has(name)).map(([name, value]) => headerLine(name, value as string | string[]))
  return `HTTP/1.1 200 OK\r\n${lines.join('')}Date: ${new Date().toUTCString()}\r\nConnection: close\r\n\r\n`
}

function headerLine (name: string, value: string | string[]): string {
  if (Array.isArray(value)) return value.map((one) => headerLine(name, one)).join('')
  validateHeaderName(name)
  validateHeaderValue(name, value)
  return `${name}: ${value}\r\n`
}

/** Calls back when an answer is over, however it ends. */
export function whenOver ({ raw, request: { raw: { socket } } }: FastifyReply, callback: () => void): void {
  if (raw.socket !== null || !(socket instanceof Socket)) {
    raw.on('close', callback)
    return
  }
  // A response that waits for another one on its connection is not told when the connection ends before.
  function over (): void {
    raw.off('close', over)
    socket.off('close', over)
    callback()
  }
  raw.on('close', over)
  // As many as a client pipelines.
  socket.setMaxListeners(0).on('close', over)
}

/** Ends what `beginBody()` has returned, after what was handed over. */
export function endBody (out: Writable): void {
  // An end alone would wait for a client that never closes its half.
  if (out instanceof Socket) out.destroySoon()
  else out.end()
}
