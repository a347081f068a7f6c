import { connect, type Socket } from 'node:net'

const SOURCES = 50

/** Returns the loopback address of client `i`. One address has too few ports for all clients of a minute. */
export function sourceAddress (i: number): string {
  return `127.0.0.${2 + i % SOURCES}`
}

/** Returns the bytes of a request for a stream. */
export function streamRequest (taskId: string, cursor?: string): string {
  const header = cursor ? `Last-Event-ID: ${cursor}\r\n` : ''
  return `GET /events/${taskId} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n${header}\r\n`
}

/** Stream to open over a bare socket. */
export interface WireStream {
  readonly port: number
  /** Number of the client, which decides its source address. */
  readonly client: number
  readonly request: string
  /** Called with each frame. The first one starts with the head of the response. */
  readonly onFrame: (frame: string) => void
}

/** Opens a stream. The socket emits `close` when the stream ends, for any reason. */
export function openStream ({ port, client, request, onFrame }: WireStream): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress: sourceAddress(client) })
  let rest = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    const frames = (rest + chunk).split('\n\n')
    rest = frames.pop() as string
    frames.forEach(onFrame)
  })
  socket.on('error', () => {})
  socket.write(request)
  return socket
}

/** Sends requests over one connection, one after the other. Each resolves with the status of the answer. */
export interface Poster {
  post (path: string, body: string): Promise<number>
  get (path: string): Promise<number>
  /** Whether the connection has ended. */
  isClosed (): boolean
  close (): void
}

export function openPoster (port: number): Poster {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let waiting: PromiseWithResolvers<number> | undefined
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
    const headEnd = text.indexOf('\r\n\r\n')
    const bodyLength = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
    if (headEnd === -1 || text.length < headEnd + 4 + bodyLength) return
    waiting?.resolve(Number(text.slice(9, 12)))
    text = ''
  })
  socket.on('error', () => {})
  socket.on('close', () => { waiting?.reject(new Error('Cannot post: the connection has ended')) })

  function send (request: string): Promise<number> {
    waiting = Promise.withResolvers()
    if (socket.destroyed) waiting.reject(new Error('Cannot post: the connection has ended'))
    else socket.write(request)
    return waiting.promise
  }

  return {
    post: (path, body) => send(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`),
    get: (path) => send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`),
    isClosed: () => socket.destroyed,
    close () { socket.destroy() }
  }
}

/** Returns a callback of typical size. `mark` makes it different from others. */
export function callbackBody (taskId: string, mark: number): string {
  const data = `"validateInfo":"Silver rivers hum below the hill ~${mark}~","status":"wait_validating"`
  return `{"code":200,"msg":"success","data":{"taskId":"${taskId}",${data},"errorCode":0,"errorMessage":""}}`
}

/** Returns the mark of the callback in a frame. */
export function markOf (frame: string): number | undefined {
  const [, mark] = /~(\d+)~/.exec(frame) ?? []
  return mark === undefined ? undefined : Number(mark)
}

/** Runs `work` for 0 to `count - 1`, `atOnce` of them concurrently. */
export async function inParallel (count: number, atOnce: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  async function run (): Promise<void> {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, run))
}
