import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { memoryStore } from '../../../src/store/memory/store.ts'
import type { EventStore } from '../../../src/store/store.ts'
import { gatedBus } from '../../support/buses.ts'
import { phraseReady, post } from '../../support/callbacks.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { startRelay } from '../../support/relay.ts'
import { closed, dial } from '../../support/socket.ts'
import { watch } from '../../support/sse.ts'

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
