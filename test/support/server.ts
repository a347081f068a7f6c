import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** Handler of one request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown

/** A server that misbehaves. */
export interface TestServer {
  readonly url: string
  /** Paths and queries of the requests so far. */
  readonly requests: string[]
}

/** Starts a server that gives each request to the next handler, and further ones to the last. It ends with the test. */
export async function startServer (t: Test, ...handlers: Handler[]): Promise<TestServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    const handler = handlers[Math.min(requests.length, handlers.length - 1)] as Handler
    requests.push(request.url as string)
    handler(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

/** Answers with a status and an optional JSON body. */
export function answer (status: number, json?: unknown, headers: Record<string, string> = {}): Handler {
  return (_request, response) => response
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(json && JSON.stringify(json))
}

/** Sends text as a stream and leaves it open. */
export function stream (...text: string[]): Handler {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(text.join(''))
  }
}

/** Sends text as a stream and ends it. */
export function endedStream (...text: string[]): Handler {
  return (request, response) => {
    stream(...text)(request, response)
    response.end()
  }
}

/** Sends text as a stream and breaks the connection. */
export function cutStream (...text: string[]): Handler {
  return (request, response) => {
    stream()(request, response)
    response.write(text.join(''), () => { response.destroy() })
  }
}

/** Never answers. */
export const nothing: Handler = () => {}

/** Returns the frame of an event. Frames of a relay have more data. */
export function frame (id: string, event = 'task-update', data: unknown = {}): string {
  return `event:${event}\ndata:${JSON.stringify(data)}\n${id === '' ? '' : `id:${id}\n`}\n`
}

/** Returns the first frame of a stream. */
export function hello (id: string, gap = false): string {
  return `retry:1\n${frame(id, 'subscribed', { gap })}`
}

/** Returns the JSON of a task with these events. */
export function task (...ids: string[]): { lastEventId: string | undefined, events: unknown[] } {
  return { lastEventId: ids.at(-1), events: ids.map((id) => ({ id, event: 'task-update', data: {} })) }
}
