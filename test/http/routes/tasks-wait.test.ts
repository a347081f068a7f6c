import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { memoryStore } from '../../../src/store/memory/store.ts'
import { gatedBus } from '../../support/buses.ts'
import { phraseFailed, phraseReady, post } from '../../support/callbacks.ts'
import { getJson } from '../../support/get-json.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { startRelay } from '../../support/relay.ts'
import { closed, dial } from '../../support/socket.ts'

t.test('tasks: wait returns at once if there is an event', async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a'))
  t.equal((await getJson(`${url}/tasks/a?wait=60`)).json.events.length, 1)
})

t.test('tasks: wait returns when an event arrives, for an unknown task too', async t => {
  const bus = gatedBus()
  const { url } = await mountRelay(t, memoryStore(), { bus })
  const waiting = getJson(`${url}/tasks/a?wait=60`)
  while (bus.subscriptions === 0) await turn()
  await post(url, phraseReady('a'))
  t.match(await waiting, { status: 200, json: { state: 'phrase-ready', events: [{ event: 'phrase-ready' }] } })
  while (bus.subscriptions > 0) await turn()
})

t.test('tasks: wait with after returns the next event only', async t => {
  const bus = gatedBus()
  const { url } = await mountRelay(t, memoryStore(), { bus })
  const { json: { eventId } } = await post(url, phraseFailed('a'))
  const waiting = getJson(`${url}/tasks/a?wait=60&after=${eventId}`)
  while (bus.subscriptions === 0) await turn()
  await post(url, phraseReady('a'))
  t.match((await waiting).json.events.map(({ event }: { event: string }) => event), ['phrase-ready'])
})

t.test('tasks: wait returns 204 when the time is over', async t => {
  const { url } = await startRelay(t)
  const { json: { eventId } } = await post(url, phraseReady('a'))
  for (const path of [`a?wait=0.01&after=${eventId}`, 'unknown?wait=0.01']) {
    const { status, headers, json } = await getJson(`${url}/tasks/${path}`)
    t.equal(status, 204)
    t.equal(headers.get('cache-control'), 'no-store')
    t.equal(json, undefined)
  }
})

t.test('tasks: wait ends when the client disconnects', async t => {
  const bus = gatedBus()
  const { url } = await mountRelay(t, memoryStore(), { bus })
  const { socket } = await dial(t, url, ['GET /tasks/a?wait=60 HTTP/1.1'])
  while (bus.subscriptions === 0) await turn()
  socket.destroy()
  while (bus.subscriptions > 0) await turn()
})

t.test('tasks: pipelined waits end when the client disconnects', async t => {
  const bus = gatedBus()
  const { url } = await mountRelay(t, memoryStore(), { bus })
  const request = 'GET /tasks/a?wait=60 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /tasks/b?wait=60 HTTP/1.1'
  const { socket } = await dial(t, url, [request])
  while (bus.subscriptions < 2) await turn()
  socket.destroy()
  while (bus.subscriptions > 0) await turn()
})

t.test('tasks: only a request that has to wait counts as a stream', async t => {
  const bus = gatedBus()
  const { url } = await mountRelay(t, memoryStore(), { bus, config: { MAX_STREAMS: 1 } })
  await post(url, phraseReady('a'))
  const waiting = getJson(`${url}/tasks/b?wait=60`)
  while (bus.subscriptions === 0) await turn()
  t.equal((await getJson(`${url}/tasks/a?wait=60`)).status, 200)
  t.equal((await getJson(`${url}/tasks/c?wait=60`)).status, 429)
  await post(url, phraseReady('b'))
  t.equal((await waiting).status, 200)
})

t.test('tasks: wait ends when the client disconnects during the handshake', async t => {
  const bus = gatedBus()
  const { app, url } = await mountRelay(t, memoryStore(), { bus })
  const waiting = bus.shut()
  const accepted = once(app.server, 'connection') as Promise<[Socket]>
  const { socket } = await dial(t, url, ['GET /tasks/a?wait=60 HTTP/1.1'])
  const [served] = await accepted
  await waiting
  socket.destroy()
  await closed(served)
  bus.open()
  do await turn(); while (bus.subscriptions > 0)
})

t.test('tasks: wait returns when the server stops, and does not delay the end', async t => {
  const bus = gatedBus()
  const { app, url } = await mountRelay(t, memoryStore(), { bus })
  const waiting = getJson(`${url}/tasks/a?wait=60`)
  while (bus.subscriptions === 0) await turn()
  await app.close()
  t.equal((await waiting).status, 204)
})

t.test('tasks: wait returns if the drain starts during its handshake', async t => {
  const bus = gatedBus()
  const { app, url } = await mountRelay(t, memoryStore(), { bus })
  const arrived = bus.shut()
  const waiting = getJson(`${url}/tasks/a?wait=60`)
  await arrived
  const closing = app.close()
  await turn()
  bus.open()
  await waiting
  await closing
})

t.test('tasks: keep-alives do not affect a held request', async t => {
  const { url } = await startRelay(t, { KEEP_ALIVE_MS: 16 })
  t.equal((await fetch(`${url}/tasks/a?wait=0.2`)).status, 204)
})
