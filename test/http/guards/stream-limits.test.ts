import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import Fastify from 'fastify'
import t from 'tap'
import { createStreamLimits } from '../../../src/http/guards/stream-limits.ts'
import { phraseReady, post } from '../../support/callbacks.ts'
import { openSocket, sendRaw, statuses } from '../../support/raw.ts'
import { closeNow, startRelay, type TestRelay } from '../../support/relay.ts'
import { dial } from '../../support/socket.ts'
import { watch } from '../../support/sse.ts'

/** The server's side of the next request: resolves once its answer is over. */
async function nextOver ({ app }: TestRelay): Promise<{ over: Promise<unknown> }> {
  const [, answer] = await once(app.server, 'request') as [IncomingMessage, ServerResponse]
  return { over: once(answer, 'close') }
}

for (const setting of ['MAX_STREAMS', 'MAX_STREAMS_PER_IP', 'MAX_STREAMS_PER_TASK']) {
  t.test(`${setting}: a client over the limit gets 429 with Retry-After`, async t => {
    const { url } = await startRelay(t, { [setting]: 2 })
    for (const task of ['a', 'a']) await (await watch(t, `${url}/events/${task}`)).next()

    const refused = await fetch(`${url}/events/a`)

    t.equal(refused.status, 429)
    t.equal(refused.headers.get('retry-after'), '5')
    t.match(await refused.json(), { code: 'TOO_MANY_STREAMS' })
  })

  t.test(`${setting}: 0 is no limit`, async t => {
    const { url } = await startRelay(t, { [setting]: 0 })

    for (const task of ['a', 'a', 'a']) {
      t.equal((await (await watch(t, `${url}/events/${task}`)).next()).event, 'subscribed')
    }
  })
}

t.test('a browser over the limit gets an empty stream with a long retry', async t => {
  const { url } = await startRelay(t, { MAX_STREAMS: 1 })
  await (await watch(t, `${url}/events/a`)).next()

  const refused = await fetch(`${url}/events/a`, { headers: { accept: 'text/event-stream' } })

  t.equal(refused.status, 200)
  t.equal(refused.headers.get('content-type'), 'text/event-stream')
  t.match(await refused.text(), /^retry:(3|4)\d{4}\n\n$/)
})

t.test('tasks are counted separately', async t => {
  const { url } = await startRelay(t, { MAX_STREAMS_PER_TASK: 1 })
  await (await watch(t, `${url}/events/a`)).next()

  t.equal((await (await watch(t, `${url}/events/b`)).next()).event, 'subscribed')
})

t.test('addresses are counted separately', async t => {
  const { app, url } = await startRelay(t, { MAX_STREAMS_PER_IP: 1 })
  await (await watch(t, `${url}/events/a`)).next()

  const other = await app.inject({ url: '/tasks/a?wait=0.01', remoteAddress: '192.0.2.1' })

  t.equal(other.statusCode, 204)
})

t.test('a held task read counts, an immediate one does not', async t => {
  const relay = await startRelay(t, { MAX_STREAMS: 1 })
  const held = new AbortController()
  const asked = nextOver(relay)
  fetch(`${relay.url}/tasks/a?wait=60`, { signal: held.signal }).catch(() => {})
  const { over } = await asked
  await turn()

  t.equal((await fetch(`${relay.url}/events/a`)).status, 429)
  t.equal((await fetch(`${relay.url}/tasks/a?wait=1`)).status, 429)
  t.equal((await fetch(`${relay.url}/tasks/a`)).status, 404)

  held.abort()
  await over
  t.equal((await (await watch(t, `${relay.url}/events/a`)).next()).event, 'subscribed')
})

t.test('counts stay exact when clients leave and come back', async t => {
  const relay = await startRelay(t, { MAX_STREAMS: 2, MAX_STREAMS_PER_TASK: 2, MAX_STREAMS_PER_IP: 2 })
  await (await watch(t, `${relay.url}/events/a`)).next()

  for (let round = 0; round < 20; round++) {
    const asked = nextOver(relay)
    const socket = await openSocket(t, relay.url)
    socket.write('GET /events/a HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await once(socket, 'data')
    t.equal((await fetch(`${relay.url}/events/a`)).status, 429)
    socket.destroy()
    await (await asked).over
  }
})

for (const path of ['/events/a', '/tasks/a?wait=60']) {
  t.test(`clients that leave right after asking for ${path} are not counted`, async t => {
    const relay = await startRelay(t, { MAX_STREAMS: 1, TICKET_KEYS: [] })

    for (let round = 0; round < 50; round++) {
      const asked = nextOver(relay)
      const socket = await openSocket(t, relay.url)
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`, () => { socket.destroy() })
      await (await asked).over
    }

    t.equal((await (await watch(t, `${relay.url}/events/a`)).next()).event, 'subscribed')
  })
}

t.test('an injected request is released', async t => {
  const { app } = await startRelay(t, { MAX_STREAMS: 1 })

  for (const task of ['a', 'a']) t.equal((await app.inject(`/tasks/${task}?wait=0.01`)).statusCode, 204)
})

t.test('a client that has left before acquire() is not counted', async t => {
  const limits = createStreamLimits({ total: 1, perNetwork: 1, perTask: 1, onRefused () {} })
  const taken: boolean[] = []
  const app = Fastify()
  app.get('/', async (request, reply) => {
    request.raw.socket.destroy()
    await once(request.raw.socket, 'close')
    taken.push(limits.acquire(request, reply, ['a']))
  })
  t.teardown(() => closeNow(app))
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  await t.rejects(fetch(url))
  await t.rejects(fetch(url))
  while (taken.length < 2) await turn()
  t.strictSame(taken, [true, true])
})

t.test('pipelined task reads that need not wait are not counted', async t => {
  const { url } = await startRelay(t, { MAX_STREAMS: 1 })
  await post(url, phraseReady('a'))
  await (await watch(t, `${url}/events/b`)).next()
  const request = 'GET /tasks/a?wait=60 HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const last = request.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')
  t.strictSame(statuses(await sendRaw(t, url, request.repeat(5) + last)), Array(6).fill(200))
})

t.test('a client that closes its half of the connection is released', async t => {
  const relay = await startRelay(t, { MAX_STREAMS: 1, KEEP_ALIVE_MS: 0 })
  const asked = nextOver(relay)
  const socket = await openSocket(t, relay.url)
  socket.write('GET /events/a HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await once(socket, 'data')
  socket.end()
  await (await asked).over
  t.equal((await (await watch(t, `${relay.url}/events/a`)).next()).event, 'subscribed')
})

t.test('a pipelined request is released when its answer ends', async t => {
  const { url } = await startRelay(t, { MAX_STREAMS: 2 })
  const requests = [
    '/healthz', '/tasks/a?wait=1', '/tasks/a?wait=1'
  ].flatMap((path) => [`GET ${path} HTTP/1.1`, 'Host: localhost', ''])
  const { until } = await dial(t, url, [...requests, 'GET /nowhere HTTP/1.1'])
  await until('404 Not Found')

  t.equal((await (await watch(t, `${url}/events/a`)).next()).event, 'subscribed')
  await (await watch(t, `${url}/events/a`)).next()
  t.equal((await fetch(`${url}/events/a`)).status, 429, 'and no request is released twice')
})
