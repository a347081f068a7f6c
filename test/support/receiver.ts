import { json } from 'node:stream/consumers'
import type { IncomingHttpHeaders } from 'node:http'
import type { Test } from 'tap'
import { startServer, type Handler } from './server.ts'

/** A callback that was received. */
export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: any
}

/** A server that receives callbacks. */
export interface Receiver {
  readonly url: string
  /** Resolves with the next callback, in the order of arrival. */
  next (): Promise<Received>
  /** Count of callbacks that `next` has not returned yet. */
  readonly waiting: number
}

/** Starts a receiver that answers with these statuses one after the other, and with the last one from then on. */
export async function startReceiver (t: Test, ...statuses: number[]): Promise<Receiver> {
  const received: Received[] = []
  const readers: Array<(callback: Received) => void> = []
  const server = await startServer(t, ...(statuses.length > 0 ? statuses : [200]).map((status) => {
    const handler: Handler = async (request, response) => {
      const callback = { path: request.url as string, headers: request.headers, body: await json(request) }
      response.writeHead(status, { location: '/elsewhere' }).end()
      const reader = readers.shift()
      if (reader) reader(callback)
      else received.push(callback)
    }
    return handler
  }))
  return {
    url: server.url,
    next: () => new Promise((resolve) => {
      const callback = received.shift()
      if (callback) resolve(callback)
      else readers.push(resolve)
    }),
    get waiting () { return received.length }
  }
}
