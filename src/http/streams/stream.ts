import type { Writable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { ClosingReason } from '../../../schemas/event.ts'
import { endStream, onClose, startStream } from './connection.ts'
import { closingFrame, KEEP_ALIVE, type ClosingDetails, type Frame } from './frames.ts'

const MAX_MISSED_KEEP_ALIVES = 4

/**
 * Base class of an open SSE stream. A class rather than a factory: a process holds tens of thousands, and every extra
 * closure costs memory and fan-out time.
 */
export abstract class Stream {
  readonly #bufferBytes: number
  #out!: Writable
  #missed = 0
  #isBehind = false
  #closing: ClosingReason | undefined

  /** @param bufferBytes - max bytes buffered for a slow reader; a single larger frame is buffered alone */
  constructor (bufferBytes: number) {
    this.#bufferBytes = bufferBytes
  }

  /** Called when the reader has caught up, after `send()` returned false. */
  protected abstract onDrain (): void
  /** Called once, when the stream has ended: with the server's reason, or with `left` if the client disconnected. */
  protected abstract onEnd (reason: ClosingReason | 'left'): void

  /**
   * Answers a request with the stream. Call it once, before any other method.
   *
   * @param first - the first frame; it leaves in one write with the head
   * @throws {TypeError} if a hook has set an invalid header; the stream is not open then
   */
  open (reply: FastifyReply, first: string): void {
    this.#out = startStream(reply, first)
    onClose(reply, () => { this.onEnd(this.#closing ?? 'left') })
  }

  /** Writes a frame. Returns false if the reader is behind: the frame is not sent, and `onDrain()` is called later. */
  send (frame: Frame): boolean {
    if (this.#isClosed) return false
    const fits = this.#fits(frame)
    if (fits) this.#out.write(frame)
    else if (!this.#isBehind) this.#awaitDrain()
    return fits
  }

  /** Sends a comment. A reader that is behind gets none; after four of them in a row, its stream is ended. */
  keepAlive (): void {
    if (!this.#isClosed && !this.#isBehind && this.#fits(KEEP_ALIVE)) {
      this.#missed = 0
      this.#out.write(KEEP_ALIVE)
    } else if (++this.#missed === MAX_MISSED_KEEP_ALIVES) this.end('slow')
    // An ended stream stays only while its reader does not take the rest.
    else if (this.#missed > MAX_MISSED_KEEP_ALIVES) this.destroy()
  }

  /** Sends `closing`, then ends the stream. Safe to call twice. */
  end (reason: ClosingReason, details?: ClosingDetails): void {
    if (this.#isClosed) return
    this.#closing = reason
    this.#out.write(closingFrame(reason, details))
    endStream(this.#out)
  }

  /** Closes the connection at once and drops unsent frames. */
  destroy (): void {
    this.#out.destroy()
  }

  #awaitDrain (): void {
    this.#isBehind = true
    this.#out.write('', () => {
      this.#isBehind = false
      this.#missed = 0
      this.onDrain()
    })
  }

  /** Whether the stream takes no more frames. A write would raise an error that nothing handles. */
  get #isClosed (): boolean {
    return this.#closing !== undefined || this.#out.destroyed || this.#out.writableEnded
  }

  /** Whether a frame can be written within the buffer limit. */
  #fits (frame: Frame): boolean {
    const buffered = this.#out.writableLength
    return buffered === 0 || buffered + frame.length <= this.#bufferBytes
  }
}
