import { ServerResponse, type OutgoingHttpHeaders } from 'node:http'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { Connection } from 'better-sse'
import type { FastifyReply } from 'fastify'

const SESSION_URL = new URL('http://localhost/')
const NO_HEADERS = new Headers()

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
 * A better-sse connection over a hijacked Fastify reply: keeps the headers that hooks set, ends the body with the
 * connection in place of chunks, and knows what the reader has not taken yet.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-6.3
 */
export class ReplyConnection extends Connection {
  readonly url = SESSION_URL
  readonly request: Request
  readonly response = { status: 200 } as Response
  readonly sendHead: () => void
  readonly sendChunk: (chunk: string) => void
  readonly cleanup = (): void => {}
  readonly #raw: ServerResponse
  readonly #bufferBytes: number
  #out: Writable

  /** @param bufferBytes - the most that is held for the reader, in bytes; a single larger chunk is held alone */
  constructor (reply: FastifyReply, bufferBytes: number) {
    super()
    const { raw } = reply
    let headers: OutgoingHttpHeaders | undefined = streamHeaders(reply)
    this.#raw = raw
    this.#out = raw
    this.#bufferBytes = bufferBytes
    // All that a session asks of a request: whole WHATWG objects would double what an idle stream weighs.
    const signal = { addEventListener: (_: string, listener: () => void) => raw.on('close', listener), removeEventListener: () => {} }
    this.request = { headers: NO_HEADERS, signal } as unknown as Request
    this.sendHead = () => {
      raw.useChunkedEncodingByDefault = false
      raw.writeHead(200, headers)
      headers = undefined
    }
    this.sendChunk = (chunk) => { this.#send(chunk) }
  }

  #send (chunk: string): void {
    // A write after the end is an error that nobody would catch.
    if (chunk === '' || this.closed) return
    this.#out.write(encode(chunk))
    // The first chunk leaves with the head. From then on the body is bytes on the socket, and what a response does beside is waste.
    if (this.#out === this.#raw) this.#out = bareSocket(this.#raw) ?? this.#raw
  }

  /** true once nobody can be reached through it any more. */
  get closed (): boolean {
    return this.#raw.destroyed || this.#raw.writableEnded
  }

  /** Whether `bytes` more may be handed over without holding more than the limit. */
  takes (bytes: number): boolean {
    const held = this.#out.writableLength
    return held === 0 || held + bytes <= this.#bufferBytes
  }

  /** Calls back once all that was handed over has left. */
  flushed (callback: () => void): void {
    this.#out.write('', callback)
  }

  /** Drops the connection and what was handed over. */
  destroy (): void {
    this.#raw.destroy()
  }

  /** Ends the answer after what was handed over. */
  end (): void {
    this.#raw.end()
  }
}

/** The socket below an answer of HTTP/1.1; undefined where there is none, as in `inject()` and HTTP/2. */
function bareSocket (raw: ServerResponse): Socket | undefined {
  return raw instanceof ServerResponse && raw.socket instanceof Socket ? raw.socket : undefined
}

let lastChunk = ''
let lastBytes: Buffer | undefined

/** The chunk itself the first time, and its bytes, encoded once, when it goes to further streams in a row. */
function encode (chunk: string): string | Buffer {
  if (chunk === lastChunk) {
    lastBytes ??= Buffer.from(chunk)
    return lastBytes
  }
  lastChunk = chunk
  lastBytes = undefined
  return chunk
}
