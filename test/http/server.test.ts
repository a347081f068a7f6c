import { once } from 'node:events'
import t from 'tap'
import { planCapacity, readDescriptorLimit } from '../../src/http/capacity.ts'
import { signTicket } from '../../src/ticket.ts'
import { callbackBytes, openSocket, readAll, sendRaw, statuses } from '../support/raw.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { startRelay } from '../support/relay.ts'
import { inSeconds } from '../support/signing.ts'
import { watch } from '../support/sse.ts'

const KEY = 'the-one-key-of-this-relay-32-bytes-or-more'
const SECURITY = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY'
}
const get = (path: string, headers = '') =>
  `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${headers}connection: close\r\n\r\n`

const dynamic: Readonly<Record<string, string | Buffer>> = {
  'a known task': get('/tasks/a'),
  'an empty long poll': get('/tasks/b?wait=0.01'),
  metrics: get('/metrics'),
  readiness: get('/readyz'),
  'a stream that is done': get('/events/a?until=done', 'accept: text/event-stream\r\nlast-event-id: 0.0\r\n'),
  'an OPTIONS request': get('/events/a').replace('GET', 'OPTIONS'),
  'a HEAD request': get('/tasks/a').replace('GET', 'HEAD')
}

const requests: Readonly<Record<string, string | Buffer>> = {
  'a health check': get('/healthz'),
  'a kept callback': callbackBytes(JSON.stringify(phraseReady('a'))),
  'an unreadable callback': callbackBytes('{'),
  'an unknown path': get('/nope'),
  'an unknown method': 'BREW / HTTP/1.1\r\n\r\n',
  'a URL that cannot be read': get('/events/%zz'),
  'a task id that is too long': get(`/events/${'a'.repeat(129)}`),
  'a URL that is too long': get(`/${'a'.repeat(8192)}`),
  'headers that are too large': get('/', `x: ${'x'.repeat(16_384)}\r\n`),
  'no HTTP': 'hello?\r\n\r\n',
  'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a refused stream': get('/events/a', 'accept: text/html\r\n'),
  'a request without Host': 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n',
  'an unknown expectation': get('/', 'expect: a miracle\r\n'),
  'an upgrade': get('/healthz', 'upgrade: websocket\r\n'),
  'a CONNECT request': 'CONNECT localhost:80 HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'another method': get('/callback')
}

for (const [what, bytes] of Object.entries(requests)) {
  t.test(`the answer to ${what} is hardened and does not name its software`, async t => {
    const { url } = await startRelay(t)

    const answer = await sendRaw(t, url, bytes)

    for (const [name, value] of Object.entries(SECURITY)) {
      t.match(answer.toLowerCase(), `${name}: ${value}\r\n`.toLowerCase())
    }
    t.notMatch(answer, /^(server|x-powered-by):/im)
    t.notMatch(answer, /fastify|node|deno|FST_|HPE_|ERR_|typebox|\.[jt]s\b|\bat .*:\d+/i)
    t.match(answer, / 200 |content-type: application\/problem\+json/)
  })
}

for (const [what, bytes] of Object.entries({ ...requests, ...dynamic })) {
  t.test(`the answer to ${what} is never stored by a cache`, async t => {
    const { url } = await startRelay(t, { CORS_ORIGINS: ['https://app.example'] })
    await post(url, phraseReady('a'))

    t.match((await sendRaw(t, url, bytes)).toLowerCase(), /^cache-control: no-store/m)
  })
}

t.test('a stream is hardened', async t => {
  const { url } = await startRelay(t)

  const { headers } = await watch(t, `${url}/events/a`)

  t.match(Object.fromEntries(headers), SECURITY)
})

const refusals: ReadonlyArray<[what: string, bytes: string, status: number, code: string]> = [
  ['headers that are too large', get('/', `x: ${'x'.repeat(16_384)}\r\n`), 431, 'HEADERS_TOO_LARGE'],
  ['a URL that is too long', get(`/${'a'.repeat(8192)}`), 414, 'URL_TOO_LONG'],
  ['a task id that is too long for a URL', get(`/tasks/${'a'.repeat(8200)}`), 414, 'URL_TOO_LONG'],
  ['no HTTP', 'hello?\r\n\r\n', 400, 'REQUEST_INVALID'],
  ['a query of 65 parameters', get(`/healthz?${'a&'.repeat(64)}`), 400, 'REQUEST_INVALID'],
  ['no Host', 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'REQUEST_INVALID'],
  ['an unknown expectation', get('/', 'expect: a miracle\r\n'), 417, 'EXPECTATION_FAILED'],
  ['a CONNECT request', 'CONNECT a:80 HTTP/1.1\r\nhost: localhost\r\n\r\n', 405, 'METHOD_NOT_ALLOWED'],
  ['a URL that cannot be read', get('/events/%zz'), 400, 'REQUEST_INVALID']
]

for (const [what, bytes, status, code] of refusals) {
  t.test(`${what}: ${status}`, async t => {
    const { url } = await startRelay(t)

    const answer = await sendRaw(t, url, bytes)

    t.strictSame(statuses(answer), [status])
    t.match(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))), { status, code })
  })
}

t.test('a query of 64 parameters is read', async t => {
  const { url } = await startRelay(t)
  t.equal((await fetch(`${url}/healthz?${'a&'.repeat(63)}`)).status, 200)
})

for (const path of ['/nope', '/healthz']) {
  t.test(`a POST to ${path} is refused without parsing its body`, async t => {
    const { app } = await startRelay(t)
    const parse = t.capture(JSON, 'parse', JSON.parse)
    const headers = { 'content-type': 'application/json' }
    const { statusCode } = await app.inject({ method: 'POST', url: path, headers, payload: '{"marked":1}' })
    t.ok([404, 405].includes(statusCode))
    t.strictSame(parse().filter(({ args }) => String(args[0]).includes('marked')), [])
  })
}

const slow: Readonly<Record<string, string>> = {
  nothing: '',
  'half its headers': 'POST /callback HTTP/1.1\r\nhost: localhost\r\n',
  'half its body': callbackBytes('{"code"', { 'content-length': '70' }).toString()
}

for (const [what, bytes] of Object.entries(slow)) {
  t.test(`a client that sends ${what} and then waits gets 408`, async t => {
    const { app, url } = await startRelay(t)
    app.server.headersTimeout = app.server.requestTimeout = 1

    t.strictSame(statuses(await sendRaw(t, url, bytes)), [408])
  })
}

t.test('a request has ten seconds for its headers and twenty in all', async t => {
  const { app } = await startRelay(t)

  t.equal(app.server.headersTimeout, 10_000)
  t.equal(app.server.requestTimeout, 20_000)
})

t.test('the timeouts of requests do not end streams', async t => {
  const { app, url } = await startRelay(t)
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  app.server.headersTimeout = app.server.requestTimeout = 1
  await sendRaw(t, url, '')

  app.server.headersTimeout = app.server.requestTimeout = 0
  await post(url, phraseReady('a'))

  t.equal((await stream.next()).event, 'phrase-ready')
})

t.test('bytes that are not HTTP get no answer inside a stream', async t => {
  const { url } = await startRelay(t)
  const socket = await openSocket(t, url)
  const all = readAll(socket)
  socket.write('GET /events/a HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await once(socket, 'data')

  socket.end('hello?\r\n\r\n')

  t.strictSame(statuses(await all), [200])
})

t.test('a close does not wait for a connection without a request', async t => {
  const relay = await startRelay(t)
  const accepted = once(relay.app.server, 'connection')
  const socket = await openSocket(t, relay.url)
  const cut = once(socket, 'close')
  await accepted

  await relay.close()

  await t.resolves(cut)
})

t.test('the connection limit is MAX_STREAMS and a reserve', async t => {
  const { maxConnections } = planCapacity(10, readDescriptorLimit())
  t.equal((await startRelay(t, { MAX_STREAMS: 10 })).app.server.maxConnections, maxConnections)
  t.ok(maxConnections >= 10)
})

t.test('idle connections are kept for KEEP_ALIVE_TIMEOUT_MS', async t => {
  t.equal((await startRelay(t)).app.server.keepAliveTimeout, 72_000)
  t.equal((await startRelay(t, { KEEP_ALIVE_TIMEOUT_MS: 650_000 })).app.server.keepAliveTimeout, 650_000)
})

const ORIGIN = 'https://app.example'
const ALLOWED_HEADERS = 'Accept, Authorization, Cache-Control, Content-Type, Last-Event-ID, X-Requested-With'
const answersToPages: Readonly<Record<string, string>> = {
  'a health check': '/healthz',
  'an unknown path': '/nope',
  'an unknown task': '/tasks/a',
  'a wrong task id': '/events/a+',
  'a long task id': `/events/${'a'.repeat(129)}`
}

for (const [what, path] of Object.entries(answersToPages)) {
  t.test(`a page of a configured origin may read the answer to ${what}`, async t => {
    const { url } = await startRelay(t, { CORS_ORIGINS: ['https://other.example', ORIGIN] })

    const { headers } = await fetch(url + path, { headers: { origin: ORIGIN } })

    t.match(Object.fromEntries(headers), {
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-credentials': 'true',
      vary: 'Origin'
    })
  })
}

t.test('a page of a configured origin may read streams and refused tickets', async t => {
  const { url } = await startRelay(t, { CORS_ORIGINS: [ORIGIN], TICKET_KEYS: [KEY] })
  const ticket = await signTicket(KEY, ['a'], inSeconds(60))

  for (const query of ['', `?ticket=${ticket}`]) {
    const { headers } = await watch(t, `${url}/events/a${query}`, { origin: ORIGIN })
    t.equal(headers.get('access-control-allow-origin'), ORIGIN)
  }
})

t.test('a page of a configured origin may send the headers of common clients, but may not post', async t => {
  const { url } = await startRelay(t, { CORS_ORIGINS: [ORIGIN] })

  const asked = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' }
  const { status, headers } = await fetch(`${url}/events/a`, {
    method: 'OPTIONS',
    headers: { origin: ORIGIN, ...asked }
  })

  t.equal(status, 204)
  t.match(Object.fromEntries(headers), {
    'access-control-allow-headers': ALLOWED_HEADERS,
    'access-control-allow-methods': 'GET, HEAD',
    'access-control-max-age': '600'
  })
})

t.test('a page of another origin may read nothing', async t => {
  const { url } = await startRelay(t, { CORS_ORIGINS: [ORIGIN] })

  for (const origin of ['https://evil.example', 'https://app.example.evil.example', 'http://app.example', 'null']) {
    t.notOk((await fetch(`${url}/tasks/a`, { headers: { origin } })).headers.get('access-control-allow-origin'))
  }
})

for (const origin of [
  'capacitor://localhost', 'tauri://localhost', 'chrome-extension://abc', 'null', 'http://localhost:8080'
]) {
  t.test(`a page of the origin ${origin} may read if it is configured, in any case`, async t => {
    const { url } = await startRelay(t, { CORS_ORIGINS: [origin.toUpperCase().replace('NULL', 'null')] })
    const { headers } = await fetch(`${url}/tasks/a`, { headers: { origin } })
    t.equal(headers.get('access-control-allow-origin'), origin)
  })
}

t.test('with the origin *, pages of any origin may read, without cookies', async t => {
  const { url } = await startRelay(t, { CORS_ORIGINS: ['*'] })

  const { headers } = await fetch(`${url}/tasks/a`, { headers: { origin: ORIGIN } })

  t.equal(headers.get('access-control-allow-origin'), '*')
  t.notOk(headers.get('access-control-allow-credentials'))
})

t.test('without configured origins no other page may read', async t => {
  const { url } = await startRelay(t)

  const { headers } = await fetch(`${url}/tasks/a`, { headers: { origin: ORIGIN } })

  t.notOk(headers.get('access-control-allow-origin'))
})

t.test('an OPTIONS request that is not a preflight gets an empty answer', async t => {
  const { url } = await startRelay(t, { CORS_ORIGINS: [ORIGIN] })

  t.strictSame(statuses(await sendRaw(t, url, get('/').replace('GET', 'OPTIONS'))), [204])
})
