import { connect, type Socket } from 'node:net'

const SOURCES = 50

/** The loopback address of the client `i`: one address has too few ports for all that connect within a minute. */
export function sourceAddress (i: number): string {
  return `127.0.0.${2 + i % SOURCES}`
}

/** A request for a stream, as it is sent. */
export function streamRequest (taskId: string, cursor?: string): string {
  return `GET /events/${taskId} HTTP/1.1\r\nHost: relay\r\nAccept: text/event-stream\r\n${cursor ? `Last-Event-ID: ${cursor}\r\n` : ''}\r\n`
}

/** Opens a stream over a bare socket; the answer's head is a part of the first frame. Its end, whatever the reason, is `close`. */
export function openStream (port: number, client: number, request: string, onFrame: (frame: string) => void): Socket {
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

/** Posts callbacks over one connection, one after the other. */
export interface Poster {
  /** Resolves with the status of the answer. */
  post (path: string, body: string): Promise<number>
  get (path: string): Promise<number>
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
    socket.write(request)
    return waiting.promise
  }

  return {
    post: (path, body) => send(`POST ${path} HTTP/1.1\r\nHost: relay\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`),
    get: (path) => send(`GET ${path} HTTP/1.1\r\nHost: relay\r\n\r\n`),
    close () { socket.destroy() }
  }
}

/** A callback of the size that the sender's have; `mark` makes it differ from others. */
export function callbackBody (taskId: string, mark: number): string {
  return `{"code":200,"msg":"success","data":{"taskId":"${taskId}","validateInfo":"Silver rivers hum below the hill ~${mark}~","status":"wait_validating","errorCode":0,"errorMessage":""}}`
}

/** The mark of the callback that a frame carries. */
export function markOf (frame: string): number | undefined {
  const [, mark] = /~(\d+)~/.exec(frame) ?? []
  return mark === undefined ? undefined : Number(mark)
}

/** Does `work` for 0 to `count - 1`, `atOnce` of them under way. */
export async function inParallel (count: number, atOnce: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  async function run (): Promise<void> {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, run))
}
