import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { numbers } from '../../../src/conformance/drafts.ts'
import { memoryStore } from '../../../src/store/memory/store.ts'
import type { EventStore } from '../../../src/store/store.ts'
import { gatedBus } from '../../support/buses.ts'
import { phraseFailed, phraseReady, post, voiceReady } from '../../support/callbacks.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { startRelay, type TestRelay } from '../../support/relay.ts'
import { closed, dial } from '../../support/socket.ts'
import { watch } from '../../support/sse.ts'
import { failingStore } from '../../support/stores.ts'

const update = (taskId: string, status: string) => ({ code: 200, data: { taskId, status } })

/** Starts a relay with the documented phrase of task `a`, then `updates` more events. Adds the epoch of its ids. */
async function startWith (t: Test, updates: number) {
  const relay = await startRelay(t)
  const { json } = await post(relay.url, phraseReady('a'))
  for (const n of numbers(updates)) await post(relay.url, update('a', `status ${n}`))
  return { ...relay, epoch: json.eventId.split('.')[0] as string }
}

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

/** Opens a stream. Returns the seq of its cursor, whether there is a gap, and the replayed seqs. */
async function replay (t: Test, { url }: TestRelay, query: string, headers: Record<string, string> = {}) {
  const stream = await watch(t, `${url}/events/a${query}`, headers)
  const { id, data: { gap, replayed } } = await stream.next()
  const seqs: number[] = []
  while (seqs.length < replayed) seqs.push(Number((await stream.next()).id?.split('.')[1]))
  return { from: id?.split('.')[1], gap, seqs }
}

t.test('events: a late client gets the newest event', async t => {
  const relay = await startWith(t, 2)
  t.strictSame(await replay(t, relay, ''), { from: '2', gap: false, seqs: [3] })
})

t.test('events: replay=all replays everything kept, replay=none nothing', async t => {
  const relay = await startWith(t, 2)
  t.strictSame(await replay(t, relay, '?replay=all'), { from: '0', gap: false, seqs: [1, 2, 3] })
  t.strictSame(await replay(t, relay, '?replay=none'), { from: '3', gap: false, seqs: [] })
})

t.test('events: a reconnect gets what it missed', async t => {
  const relay = await startWith(t, 2)
  const expected = { from: '1', gap: false, seqs: [2, 3] }
  t.strictSame(await replay(t, relay, '', { 'last-event-id': `${relay.epoch}.1` }), expected)
  t.strictSame(await replay(t, relay, `?lastEventId=${relay.epoch}.1`), expected)
})

for (const name of ['lastEventID', 'last_event_id', 'Last-Event-ID', 'evs_last_event_id', 'lastEventId=&lastEventId']) {
  t.test(`events: a reconnect with ?${name}= gets what it missed`, async t => {
    const relay = await startWith(t, 2)
    t.strictSame((await replay(t, relay, `?${name}=${relay.epoch}.1`)).seqs, [2, 3])
  })
}

t.test('events: the header counts before the query, and the last cursor of the query before the others', async t => {
  const { epoch, ...relay } = await startWith(t, 2)
  async function seqs (query: string, header: string): Promise<number[]> {
    return (await replay(t, relay, query, { 'last-event-id': header })).seqs
  }
  t.strictSame(await seqs(`?lastEventId=${epoch}.1`, `${epoch}.2`), [3])
  t.strictSame(await seqs(`?lastEventId=${epoch}.1`, ''), [2, 3])
  t.strictSame(await seqs(`?lastEventId=${epoch}.1&evs_last_event_id=${epoch}.2`, ''), [3])
  t.strictSame(await seqs(`?lastEventId=${epoch}.1&lastEventId=${epoch}.2`, ''), [3])
})

t.test('events: an unknown cursor gets everything, and a gap is reported', async t => {
  const relay = await startWith(t, 1)
  for (const cursor of ['other.1', `${relay.epoch}.9`, 'garbage']) {
    t.strictSame(await replay(t, relay, '', { 'last-event-id': cursor }), { from: '0', gap: true, seqs: [1, 2] })
  }
})

t.test('events: a client that was disconnected before any event resumes from the first frame', async t => {
  const relay = await startRelay(t)
  const stream = await watch(t, `${relay.url}/events/a`)
  const { id } = await stream.next()
  stream.close()
  await post(relay.url, phraseReady('a'))
  await post(relay.url, update('a', 'later'))
  t.strictSame(await replay(t, relay, '', { 'last-event-id': id as string }), { from: '0', gap: false, seqs: [1, 2] })
})

t.test('events: a duplicate is not sent again', async t => {
  const { url } = await startRelay(t)
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  for (const body of [phraseReady('a'), phraseReady('a'), update('a', 'later')]) await post(url, body)
  t.equal((await stream.next()).event, 'phrase-ready')
  t.equal((await stream.next()).event, 'task-update')
})

t.test('events: a stream gets no events of other tasks', async t => {
  const { url } = await startRelay(t)
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  for (const taskId of ['b', 'A', 'a']) await post(url, phraseReady(taskId))
  t.equal((await stream.next()).data.taskId, 'a')
})

for (const [body, step] of [
  [phraseReady('a'), 'validate'],
  [phraseFailed('a'), 'regenerate'],
  [voiceReady('a'), 'generate'],
  [{ code: 500, taskId: 'a' }, 'generate']
] as const) {
  t.test(`events: until=done ends after the outcome of ${step} with code ${body.code}`, async t => {
    const { url } = await startRelay(t)
    const stream = await watch(t, `${url}/events/a?until=done`)
    await post(url, update('a', 'working'), { step })
    const { json } = await post(url, body, { step })
    const names = await stream.rest()
    t.equal(names.length, 4)
    t.strictSame([names[0], names[1], names[3]], ['subscribed', 'task-update', 'closing'])

    const again = await fetch(`${url}/events/a?until=done`, { headers: { 'last-event-id': json.eventId } })
    t.equal(again.status, 204, 'and a reconnect ends the watch')
    t.equal(await again.text(), '')
  })
}

t.test('events: until=done sends the outcome of a finished task and ends', async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a'))
  t.strictSame(await (await watch(t, `${url}/events/a?until=done`)).rest(), ['subscribed', 'phrase-ready', 'closing'])
})

t.test('events: until=done does not end at a superseded outcome', async t => {
  const { url } = await startWith(t, 1)
  const stream = await watch(t, `${url}/events/a?until=done&replay=all`)
  await post(url, phraseFailed('a'))
  t.strictSame(await stream.rest(), ['subscribed', 'phrase-ready', 'task-update', 'phrase-failed', 'closing'])
})

t.test('events: until=done waits if the newest event is no outcome, and if there is none', async t => {
  const { url, epoch } = await startWith(t, 1)
  t.equal((await watch(t, `${url}/events/a?until=done`, { 'last-event-id': `${epoch}.2` })).status, 200)
  t.equal((await watch(t, `${url}/events/b?until=done`, { 'last-event-id': `${epoch}.0` })).status, 200)
})

t.test('events: until=done without a cursor and without a replay waits, even after an outcome', async t => {
  const { url } = await startWith(t, 0)
  const stream = await watch(t, `${url}/events/a?until=done&replay=none`)
  t.equal(stream.status, 200)
  await post(url, phraseFailed('a'))
  t.strictSame(await stream.rest(), ['subscribed', 'phrase-failed', 'closing'])
})

t.test('events: a stream without until stays open after an outcome', async t => {
  const { url } = await startRelay(t)
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  for (const body of [phraseReady('a'), phraseReady('a', 'another')]) {
    await post(url, body)
    t.equal((await stream.next()).event, 'phrase-ready')
  }
})

t.test('events: comments fill the silence', async t => {
  const { url } = await startRelay(t, { KEEP_ALIVE_MS: 16 })
  const { until } = await dial(t, url, ['GET /events/a HTTP/1.1'])
  t.match(await until('\n\n:\n\n:\n\n'), /replayed":0}\n\n(:\n\n){2,}$/)
})

t.test('events: inject() gets a stream that ends', async t => {
  const { app, url } = await startRelay(t)
  await post(url, phraseReady('a'))
  const { statusCode, headers, body } = await app.inject('/events/a?until=done')
  t.equal(statusCode, 200)
  t.equal(headers['content-type'], 'text/event-stream')
  t.match(body, /event:subscribed\n.*event:phrase-ready\n.*event:closing\n/s)
})

t.test('events: a client that disconnects during the handshake leaves no subscription', async t => {
  const bus = gatedBus()
  const { app, url } = await mountRelay(t, memoryStore(), { bus })
  const waiting = bus.shut()
  const accepted = once(app.server, 'connection') as Promise<[Socket]>
  const { socket } = await dial(t, url, ['GET /events/a HTTP/1.1'])
  const [served] = await accepted
  await waiting
  socket.destroy()
  await closed(served)
  t.equal(bus.subscriptions, 0)
  bus.open()
  // The subscription is made, then ended because the client has left.
  do await turn(); while (bus.subscriptions > 0)
  const { json } = await post(url, phraseReady('a'))
  t.equal(json.received, true)
})

t.test('events: a client that disconnects later leaves no subscription', async t => {
  const bus = gatedBus()
  const { url } = await mountRelay(t, memoryStore(), { bus })
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  t.equal(bus.subscriptions, 1)
  stream.close()
  while (bus.subscriptions > 0) await turn()
})

t.test('events: a client that connects during the drain reconnects later', async t => {
  const { url, close } = await startRelay(t, { DRAIN_MS: 1000 })
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  const idle = [await dial(t, url), await dial(t, url), await dial(t, url)] as const
  const closing = close()
  t.strictSame(await stream.rest(), ['closing'])

  idle[0].socket.write('GET /events/a HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
  idle[1].socket.write('GET /events/a HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n')
  idle[2].socket.write('GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const refused = await idle[0].ended()
  t.match(refused, /^HTTP\/1\.1 200 OK\r\n.*content-type: text\/event-stream\r\n/s)
  t.match(refused, /\r\n\r\nretry:1[0-5]\d{3}\n\n$/)
  t.match(await idle[1].ended(), /^HTTP\/1\.1 503 .*retry-after: 5.*"code":"DRAINING"/s)
  t.match(await idle[2].ended(), /^HTTP\/1\.1 503 .*retry-after: 5.*"code":"DRAINING"/s)
  await closing
})

t.test('events: a handshake during the drain does not delay the end', async t => {
  const bus = gatedBus()
  const { app, url } = await mountRelay(t, memoryStore(), { bus })
  const waiting = bus.shut()
  const { ended } = await dial(t, url, ['GET /events/a HTTP/1.1', 'Accept: text/event-stream'])
  await waiting
  const closing = app.close()
  await turn()
  bus.open()
  t.match(await ended(), /\r\n\r\nretry:1[0-5]\d{3}\n\n$/)
  await closing
})

t.test('events: a client that reads nothing does not delay the end of an app', async t => {
  const { app, url } = await mountRelay(t, memoryStore())
  const served = once(app.server, 'connection') as Promise<[Socket]>
  const { socket, until } = await dial(t, url, ['GET /events/a HTTP/1.1'])
  const [stalled] = await served
  await until('subscribed')
  socket.pause()
  for (let n = 0; stalled.writableLength === 0; n++) await post(url, phraseReady('a', `${n} ${'x'.repeat(60_000)}`))

  await app.close()

  t.equal(stalled.destroyed, true)
})

t.test('events: an invalid header of a hook is a 500, and no stream stays open', async t => {
  const { app, url } = await mountRelay(t, memoryStore(), {
    config: { KEEP_ALIVE_MS: 16 },
    onRequest ({ url }, reply, done) {
      if (url === '/events/a') reply.header('x-note', '\u20ac')
      done()
    }
  })
  const { until } = await dial(t, url, ['GET /events/a HTTP/1.1'])
  await until('HTTP/1.1 500 ')
  t.match((await app.inject('/metrics')).body, 'relay_streams_open 0')
})

t.test('events: a request that a hook has answered meanwhile gets no stream', async t => {
  const store = memoryStore()
  const asked = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const slow: EventStore = {
    ...store,
    async extent (taskId) {
      asked.resolve()
      await gate.promise
      return store.extent(taskId)
    }
  }
  const { app, url } = await mountRelay(t, slow, {
    onRequest ({ url }, reply, done) {
      if (url === '/events/a') asked.promise.then(() => { reply.raw.end('late') })
      done()
    }
  })
  const { until } = await dial(t, url, ['GET /events/a HTTP/1.1'])
  await until('late')
  gate.resolve()
  t.match((await app.inject('/metrics')).body, 'relay_streams_open 0')
})
