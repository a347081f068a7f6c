import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'

/** Opens a bare connection to a server; it is gone with the test. */
export async function openSocket (t: Test, url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  // The server closes a connection that does not speak HTTP, so a reset is an answer.
  socket.on('error', () => {})
  t.teardown(() => { socket.destroy() })
  await once(socket, 'connect')
  return socket
}

/** All that a server says until it hangs up. */
export async function readAll (socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk) => { text += chunk })
  await once(socket, 'close')
  return text
}

/** Sends bytes as they are, and resolves with all that the server says until it hangs up. */
export async function sendRaw (t: Test, url: string, bytes: string | Uint8Array): Promise<string> {
  const socket = await openSocket(t, url)
  socket.write(bytes)
  return readAll(socket)
}

/** The statuses of the answers in what a server said. */
export function statuses (answers: string): number[] {
  return [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}

/** A POST of a body, as bytes; the server hangs up after its answer. */
export function callbackBytes (body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Buffer {
  const bytes = Buffer.from(body as string)
  const defaults = { host: 'localhost', 'content-type': 'application/json', 'content-length': bytes.length }
  const lines = Object.entries({ ...defaults, connection: 'close', ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`POST /callback HTTP/1.1\r\n${lines.join('')}\r\n`), bytes])
}
