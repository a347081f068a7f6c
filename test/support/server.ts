import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** What a server does with one request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown

/** A server that behaves as no relay should. */
export interface TestServer {
  readonly url: string
  /** The requests so far: method, path and query. */
  readonly requests: string[]
}

/** Starts a server that treats its requests to `handlers` one after the other, and the last one for ever; it ends with the test. */
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

/** Answers with a status and, where there is one, a JSON body. */
export function answer (status: number, json?: unknown, headers: Record<string, string> = {}): Handler {
  return (_request, response) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(json && JSON.stringify(json))
}

/** Sends text as a stream, which stays open. */
export function stream (...text: string[]): Handler {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(text.join(''))
  }
}

/** Sends text as a stream, and ends it. */
export function endedStream (...text: string[]): Handler {
  return (request, response) => {
    stream(...text)(request, response)
    response.end()
  }
}

/** Sends text as a stream, and cuts the connection. */
export function cutStream (...text: string[]): Handler {
  return (request, response) => {
    stream()(request, response)
    response.write(text.join(''), () => { response.destroy() })
  }
}

/** Never answers. */
export const nothing: Handler = () => {}

/** One frame of an event; those of a relay have more data. */
export function frame (id: string, event = 'task-update', data: unknown = {}): string {
  return `event:${event}\ndata:${JSON.stringify(data)}\n${id === '' ? '' : `id:${id}\n`}\n`
}

/** The first frame of a stream. */
export function hello (id: string, gap = false): string {
  return `retry:1\n${frame(id, 'subscribed', { gap })}`
}

/** The JSON of a task with these events. */
export function task (...ids: string[]): { lastEventId: string | undefined, events: unknown[] } {
  return { lastEventId: ids.at(-1), events: ids.map((id) => ({ id, event: 'task-update', data: {} })) }
}
