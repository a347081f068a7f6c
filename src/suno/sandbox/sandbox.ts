import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createCalls, type Params, type Reply } from './calls.ts'
import { createCourier, type Delivery } from './courier.ts'
import { DEFAULTS, type SandboxOptions } from './options.ts'
import { keepNewest } from './recent.ts'

const PATH = /^(?:\/[^/]+)?\/api\/v1\/voice\/([a-z-]+)$/
const MAX_BODY_BYTES = 65_536
const RATE_WINDOW_MS = 10_000
const BASE_PATH = { sunoapi: '', kie: '/api.kie.ai' } as const
const BUSY_CODE = { sunoapi: 430, kie: 429 } as const

/** A call that the sandbox received. */
export interface SandboxRequest {
  readonly method: string
  /** Last segment of the path, such as `validate-info`; the whole path where it is none of the API. */
  readonly call: string
  readonly authorization: string | undefined
  /** The body of a POST, the query of a GET. */
  readonly params: Params
}

/** A stand-in for the vendor's six voice calls, with callbacks, without an account. */
export interface Sandbox {
  /** Base URL of the API once it listens. A sandbox of kie.ai has `/api.kie.ai` in its path, which names the vendor. */
  readonly url: string
  /** The newest 1,000 calls, oldest first. */
  readonly requests: readonly SandboxRequest[]
  /** The newest 1,000 attempts to deliver a callback, oldest first. */
  readonly deliveries: readonly Delivery[]
  /** Starts to listen; returns `url`. */
  listen (): Promise<string>
  /** Stops everything: the server, callbacks that are due, deliveries that are under way. */
  close (): Promise<void>
}

/** Creates a sandbox with settings that are not the default. */
export function createSandbox (given: Partial<SandboxOptions> = {}): Sandbox {
  const options = { ...DEFAULTS, ...given }
  const timers = createTimers(options)
  const courier = createCourier(options, timers.later)
  const calls = createCalls(options, courier, timers.later)
  const requests: SandboxRequest[] = []
  let recent = 0

  /** The vendor's own order: key, rate, then the call. */
  function answer ({ method, call, authorization, params }: SandboxRequest): Reply {
    const run = calls.get(`${method} ${call}`)
    if (!run) return refuse(404, 'No such call')
    const key = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
    if (!key || (options.apiKey && key !== options.apiKey)) return refuse(401, 'You do not have access permissions')
    if (recent >= options.rateLimit) return refuse(BUSY_CODE[options.vendor], 'Your call frequency is too high')
    recent++
    timers.later(() => { recent-- }, RATE_WINDOW_MS)
    return run(params)
  }

  async function receive (incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(incoming)
    if ('code' in request) return send(response, request)
    keepNewest(requests, request)
    const reply = answer(request)
    options.log(`${request.method} ${request.call}: ${reply.code} ${reply.msg}`)
    send(response, reply)
  }

  // A request fails when its client leaves before the body is complete.
  const server = createServer((incoming, response) => {
    receive(incoming, response).catch(() => { response.destroy() })
  })

  return {
    get url () {
      const { address, port, family } = server.address() as AddressInfo
      const host = { IPv4: address, IPv6: `[${address}]` }[family]
      return `http://${host}:${port}${BASE_PATH[options.vendor]}`
    },
    requests,
    deliveries: courier.deliveries,
    async listen () {
      await once(server.listen(options.port, options.host), 'listening')
      return this.url
    },
    async close () {
      timers.clear()
      courier.close()
      server.closeAllConnections()
      await new Promise<void>((resolve) => { server.close(() => { resolve() }) })
    }
  }
}

/** Timers that are cleared together. */
function createTimers ({ schedule }: SandboxOptions): { later: SandboxOptions['schedule'], clear: () => void } {
  const pending = new Set<() => void>()
  function later (run: () => void, ms: number): () => void {
    const cancelTimer = schedule(() => {
      pending.delete(cancel)
      run()
    }, ms)
    function cancel (): void {
      pending.delete(cancel)
      cancelTimer()
    }
    pending.add(cancel)
    return cancel
  }
  return { later, clear: () => { for (const cancel of pending) cancel() } }
}

async function readRequest (incoming: IncomingMessage): Promise<SandboxRequest | Reply> {
  const { method = '', url = '', headers: { authorization, 'content-type': type = '' } } = incoming
  const [path = '', query] = url.split('?', 2)
  const call = PATH.exec(path)?.[1] ?? path
  if (method !== 'POST') return { method, call, authorization, params: Object.fromEntries(new URLSearchParams(query)) }
  if (!/^application\/json\b/i.test(type)) return refuse(400, 'Content-Type has to be application/json')
  const body = await readBody(incoming)
  if (body === undefined) return refuse(400, `The body is larger than ${MAX_BODY_BYTES} bytes`)
  const params = parse(body)
  return params ? { method, call, authorization, params } : refuse(400, 'The body has to be a JSON object')
}

function refuse (code: number, msg: string): Reply {
  return { code, msg, data: null }
}

async function readBody (incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  // A body that is too large is answered, so the connection has to stay.
  for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parse (text: string): Params | undefined {
  try {
    const json = JSON.parse(text)
    return json !== null && typeof json === 'object' && !Array.isArray(json) ? json : undefined
  } catch {
    return undefined
  }
}

/** Sends errors as HTTP 200 with another `code`, as the vendors do; only an unknown path is a 404. */
function send (response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.code === 404 ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(reply))
}
