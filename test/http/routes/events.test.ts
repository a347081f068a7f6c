import { once } from 'node:events'
import t from 'tap'
import { memoryStore } from '../../../src/store/memory/store.ts'
import { phraseFailed, phraseReady, post } from '../../support/callbacks.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { startRelay } from '../../support/relay.ts'
import { dial } from '../../support/socket.ts'
import { watch } from '../../support/sse.ts'
import { failingStore } from '../../support/stores.ts'

async function refusal (url: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers })
  const { code } = await response.json() as { code: string }
  return { status: response.status, code }
}

t.test('events: an open stream gets the phrase at once', async t => {
  const { url } = await startRelay(t)
  const stream = await watch(t, `${url}/events/a`)
  const hello = await stream.next()

  const { json } = await post(url, phraseReady('a', 'Read me'))
  const event = await stream.next()

  const data = { taskId: 'a', state: 'unknown', lastEventId: null, gap: false, replayed: 0 }
  t.strictSame(hello, { id: json.eventId.replace('.1', '.0'), event: 'subscribed', data })
  t.equal(event.event, 'phrase-ready')
  t.equal(event.id, json.eventId)
  t.equal(event.data.validateInfo, 'Read me')
})

t.test('events: a whole stream, byte by byte', async t => {
  const { url } = await mountRelay(t, memoryStore(), { config: { RETRY_MS: 0 } })
  const first = await post(url, phraseFailed('a'))
  const { until, ended } = await dial(t, url, ['GET /events/a?until=done&replay=none HTTP/1.1'])
  await until('\n\n')
  const { json } = await post(url, phraseReady('a', 'Zeile 1\nZeile 2 \u{1F3B5}'))
  const text = await ended()
  const [at] = /(?<="receivedAt":")[^"]+/.exec(text) as RegExpExecArray
  const [date] = /(?<=Date: ).+?(?=\r\n)/.exec(text) as RegExpExecArray

  t.equal(text, 'HTTP/1.1 200 OK\r\n' +
    'content-type: text/event-stream\r\n' +
    'cache-control: no-store, no-transform\r\n' +
    'x-accel-buffering: no\r\n' +
    'x-content-type-options: nosniff\r\n' +
    `Date: ${date}\r\n` +
    'Connection: close\r\n' +
    '\r\n' +
    'retry:0\n' +
    'event:subscribed\n' +
    `id:${first.json.eventId}\n` +
    `data:{"taskId":"a","state":"phrase-failed","lastEventId":"${first.json.eventId}","gap":false,"replayed":0}\n` +
    '\n' +
    'event:phrase-ready\n' +
    `id:${json.eventId}\n` +
    'data:{"taskId":"a","step":"regenerate","code":200,"msg":"success","status":"wait_validating",' +
    '"validateInfo":"Zeile 1\\nZeile 2 \u{1F3B5}","errorCode":0,"errorMessage":"",' +
    `"source":"callback","receivedAt":"${at}"}\n` +
    '\n' +
    'event:closing\n' +
    'data:{"reason":"done"}\n' +
    '\n')
})

t.test('events: head and first frame arrive in one piece', async t => {
  const { url } = await startRelay(t)
  const { socket } = await dial(t, url)
  socket.write('GET /events/a HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const [piece] = await once(socket, 'data')
  t.match(piece, /^HTTP\/1\.1 200 OK\r\n.*event:subscribed\n.*\n\n$/s)
})

t.test('events: the reconnection time is the configured one plus up to 50 %', async t => {
  const { url } = await startRelay(t, { RETRY_MS: 1000 })
  const { until } = await dial(t, url, ['GET /events/a HTTP/1.1'])
  const [, retry] = /\nretry:(\d+)\n/.exec(await until('\n\n')) as RegExpExecArray
  t.ok(Number(retry) >= 1000 && Number(retry) <= 1500)
})

t.test('events: headers that hooks set are kept', async t => {
  const { url } = await mountRelay(t, memoryStore(), {
    onRequest: (_request, reply, done) => {
      reply.header('x-ours', 'yes')
      done()
    }
  })
  const { headers } = await watch(t, `${url}/events/a`)
  t.equal(headers.get('x-ours'), 'yes')
  t.equal(headers.get('content-type'), 'text/event-stream')
})

t.test('events: HEAD returns the headers only', async t => {
  const { url } = await startRelay(t)
  const response = await fetch(`${url}/events/a`, { method: 'HEAD' })
  t.equal(response.status, 200)
  t.equal(await response.text(), '')
  t.match(Object.fromEntries(response.headers), {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff'
  })
})

for (const accept of ['', '*/*', 'text/event-stream;charset=utf-8', 'text/html, *; q=.2, */*; q=.2']) {
  t.test(`events: Accept "${accept}" gets the stream`, async t => {
    const { url } = await startRelay(t)
    const { until } = await dial(t, url, ['GET /events/a HTTP/1.1', `Accept: ${accept}`])
    t.match(await until('\r\n\r\n'), /^HTTP\/1\.1 200/)
  })
}

for (const accept of ['application/json', '*/*, text/event-stream;q=0']) {
  t.test(`events: Accept "${accept}" excludes the stream`, async t => {
    const { url } = await startRelay(t)
    t.strictSame(await refusal(`${url}/events/a`, { accept }), { status: 406, code: 'NOT_ACCEPTABLE' })
  })
}

for (const path of ['a%20b', 'a%2Fb', '%C3%A4', 'x'.repeat(129), 'a?replay=some', 'a?until=dawn']) {
  t.test(`events: /events/${path} is refused`, async t => {
    const { url } = await startRelay(t)
    t.strictSame(await refusal(`${url}/events/${path}`), { status: 400, code: 'REQUEST_INVALID' })
  })
}

t.test('events: a task id may have 128 characters, percent-encoded or not', async t => {
  const { url } = await startRelay(t)
  for (const path of ['x'.repeat(128), '%3A'.repeat(128)]) {
    t.equal((await watch(t, `${url}/events/${path}`)).status, 200)
  }
})

t.test('events: an unavailable store is a 503 with Retry-After', async t => {
  const store = failingStore()
  const { url } = await mountRelay(t, store)
  store.isFailing = true
  const response = await fetch(`${url}/events/a`)
  t.equal(response.status, 503)
  t.equal(response.headers.get('retry-after'), '5')
  t.match(await response.json(), { code: 'STORE_UNAVAILABLE' })
})
