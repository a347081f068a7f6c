import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Test } from 'tap'
import { openSocket } from './raw.ts'

/** A raw connection: what was sent is what the server gets, what is read is what it wrote. */
export interface TestSocket {
  readonly socket: Socket
  /** All that was read so far. */
  text (): string
  /** Resolves with all that was read as soon as `wanted` is in it. */
  until (wanted: string): Promise<string>
  /** Resolves with all that was read when the server has closed the connection. */
  ended (): Promise<string>
}

/** Connects, and sends a request's head when there is one; the connection is gone with the test. */
export async function dial (t: Test, url: string, head: string[] = []): Promise<TestSocket> {
  const socket = await openSocket(t, url)
  let text = ''
  let over = false
  socket.setEncoding('utf8')
  socket.on('data', (chunk) => { text += chunk })
  socket.on('end', () => { over = true })
  if (head.length > 0) socket.write([...head, 'Host: localhost', '', ''].join('\r\n'))

  return {
    socket,
    text: () => text,
    async until (wanted) {
      while (!text.includes(wanted)) {
        if (over) throw new Error(`the connection ended after: ${text}`)
        await Promise.race([once(socket, 'data'), once(socket, 'end')])
      }
      return text
    },
    async ended () {
      if (!over) await once(socket, 'end')
      return text
    }
  }
}

/** Resolves when a socket is gone, whether or not by an error. */
export function closed (socket: Socket): Promise<void> {
  return new Promise((resolve) => { socket.once('close', () => { resolve() }) })
}
