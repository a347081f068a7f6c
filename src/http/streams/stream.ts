import type { Writable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { ClosingReason } from '../../../schemas/event.ts'
import { beginBody, endBody, whenOver } from './connection.ts'
import { closingFrame, KEEP_ALIVE, type Frame } from './frames.ts'

// A reader that is behind for so many keep-alives is gone, or gains more from a new connection.
const MISSES_TO_END = 4

/**
 * One open stream: the answer to a request, which is hijacked.
 *
 * A class, and the base of what is known of a stream beside its frames: there are many, open for days, and each object
 * and closure more is memory, and time when news goes to all of them.
 */
export abstract class Stream {
  readonly #bufferBytes: number
  #out!: Writable
  #missed = 0
  #behind = false
  #closing: ClosingReason | undefined

  /** @param bufferBytes - the most that is held for a slow reader, in bytes; a single larger frame is held alone */
  constructor (bufferBytes: number) {
    this.#bufferBytes = bufferBytes
  }

  /** Frames can be sent again, after one was left. */
  protected abstract ready (): void
  /** The stream has ended; called once, with why the server ended it, or that the client left. */
  protected abstract ended (reason: ClosingReason | 'left'): void

  /**
   * Answers a request with the stream; nothing else may be done to it before.
   *
   * @param first - the first frame; it leaves in one write with the head
   * @throws {TypeError} when the reply has a header that would break its head; then there is no stream
   */
  open (reply: FastifyReply, first: string): void {
    this.#out = beginBody(reply, first)
    whenOver(reply, () => { this.ended(this.#closing ?? 'left') })
  }

  /** Hands a frame over; false when the reader is behind: then the frame is left, and `ready()` is called later. */
  send (frame: Frame): boolean {
    if (this.#closed) return false
    const fits = this.#takes(frame)
    if (fits) this.#out.write(frame)
    else this.#wait()
    return fits
  }

  /** Breaks the silence with a comment; a reader that is behind gets none, and after four of them its stream is ended. */
  keepAlive (): void {
    // One that has ended takes no more, and is gone by then if its reader takes what there is.
    if (!this.#closed && !this.#behind && this.#takes(KEEP_ALIVE)) {
      this.#missed = 0
      this.#out.write(KEEP_ALIVE)
    } else if (++this.#missed === MISSES_TO_END) this.end('slow')
    else if (this.#missed > MISSES_TO_END) this.cut()
  }

  /** Sends `closing`, then ends the stream. */
  end (reason: ClosingReason, retryMs?: number): void {
    if (this.#closed) return
    this.#closing = reason
    this.#out.write(closingFrame(reason, retryMs))
    endBody(this.#out)
  }

  /** Ends the stream at once, whatever its reader has not taken. */
  cut (): void {
    this.#out.destroy()
  }

  #wait (): void {
    this.#behind = true
    this.#out.write('', () => {
      this.#behind = false
      this.#missed = 0
      this.ready()
    })
  }

  /** Nobody can be reached through it any more, and a write would be an error that nobody catches. */
  get #closed (): boolean {
    return this.#closing !== undefined || this.#out.destroyed || this.#out.writableEnded
  }

  /** Whether a frame may be handed over without holding more than the limit. */
  #takes (frame: Frame): boolean {
    const held = this.#out.writableLength
    return held === 0 || held + frame.length <= this.#bufferBytes
  }
}
