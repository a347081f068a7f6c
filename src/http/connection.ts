import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
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

  /** @param bufferBytes - the most that is held for the reader, in bytes; a single larger chunk is held alone */
  constructor (reply: FastifyReply, bufferBytes: number) {
    super()
    const { raw } = reply
    this.#raw = raw
    this.#bufferBytes = bufferBytes
    // All that a session asks of a request: whole WHATWG objects would double what an idle stream weighs.
    const signal = { addEventListener: (_: string, listener: () => void) => raw.once('close', listener), removeEventListener: () => {} }
    this.request = { headers: NO_HEADERS, signal } as unknown as Request
    this.sendHead = () => {
      raw.useChunkedEncodingByDefault = false
      raw.writeHead(200, streamHeaders(reply))
    }
    // A write after the end is an error that nobody would catch.
    this.sendChunk = (chunk) => { if (chunk !== '' && !this.closed) raw.write(chunk) }
  }

  /** true once nobody can be reached through it any more. */
  get closed (): boolean {
    return this.#raw.destroyed || this.#raw.writableEnded
  }

  /** Whether `bytes` more may be handed over without holding more than the limit. */
  takes (bytes: number): boolean {
    const held = this.#raw.writableLength
    return held === 0 || held + bytes <= this.#bufferBytes
  }

  /** Calls back once all that was handed over has left. */
  flushed (callback: () => void): void {
    this.#raw.write('', callback)
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
