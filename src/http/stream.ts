import { Session, type EventBuffer } from 'better-sse'
import type { FastifyReply } from 'fastify'
import type { ClosingReason } from '../../schemas/event.ts'
import { ReplyConnection } from './connection.ts'
import { closingFrame, KEEP_ALIVE } from './frames.ts'

// A reader that took nothing for so many keep-alives is gone, or gains more from a new connection.
const MISSES_TO_END = 4
const SESSION_OPTIONS = { retry: null, keepAlive: null, trustClientEventId: false }

/** One open stream. */
export interface Stream {
  /** Hands a frame over; false when the reader is behind: then the frame is left, and `ready` is called later. */
  send (frame: EventBuffer): boolean
  /** Breaks the silence with a comment; a reader that is behind gets none, and after four of them its stream is ended. */
  keepAlive (): void
  /** Sends `closing`, then ends the stream. */
  end (reason: ClosingReason, retryMs?: number): void
}

export interface StreamOptions {
  /** The most that is held for a slow reader, in bytes. */
  readonly bufferBytes: number
  /** The first frame; it leaves in one write with the head. */
  readonly hello: EventBuffer
  /** Called when frames can be sent: once at the start, and again after one was left. */
  readonly ready: () => void
  /** Called once when the stream has ended: why the server ended it, or that the client left. */
  readonly ended: (reason: ClosingReason | 'left') => void
}

/** Answers a request with a stream: a better-sse session over the reply, which is hijacked. */
export function openStream (reply: FastifyReply, { bufferBytes, hello, ready, ended }: StreamOptions): Stream {
  reply.hijack()
  let first: EventBuffer | undefined = hello
  const connection = new ReplyConnection(reply, bufferBytes)
  const session = new Session(connection, SESSION_OPTIONS)
  session.on('disconnected', () => { ended(closing ?? 'left') })
  session.once('connected', () => {
    // A session calls itself connected even when the client left before it began.
    if (connection.closed) return
    open = true
    session.batch(first as EventBuffer)
    // It is not wanted again, and the stream may be there for days.
    first = undefined
    if (closing) end(closing)
    else ready()
  })

  let open = false
  let missed = 0
  let closing: ClosingReason | undefined

  function end (reason: ClosingReason, retryMs?: number): void {
    if (connection.closed) return
    closing = reason
    // Nothing may come before the head.
    if (!open) return
    session.batch(closingFrame(reason, retryMs))
    connection.end()
  }

  return {
    end,

    send (frame) {
      if (connection.closed) return false
      const fits = connection.takes(Buffer.byteLength(frame.read()))
      if (fits) session.batch(frame)
      else connection.flushed(ready)
      return fits
    },

    keepAlive () {
      if (!open) return
      if (connection.takes(KEEP_ALIVE.read().length)) {
        missed = 0
        if (!connection.closed) session.batch(KEEP_ALIVE)
      } else if (++missed === MISSES_TO_END) end('slow')
      else if (missed > MISSES_TO_END) connection.destroy()
    }
  }
}
