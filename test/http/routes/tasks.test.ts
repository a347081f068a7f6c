import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { numbers } from '../../../src/conformance/drafts.ts'
import { memoryStore } from '../../../src/store/memory/store.ts'
import { gatedBus } from '../../support/buses.ts'
import { phraseFailed, phraseReady, post, voiceReady } from '../../support/callbacks.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { startRelay } from '../../support/relay.ts'
import { closed, dial } from '../../support/socket.ts'
import { failingStore } from '../../support/stores.ts'

async function get (url: string) {
  const response = await fetch(url)
  const text = await response.text()
  return { status: response.status, headers: response.headers, json: text === '' ? undefined : JSON.parse(text) }
}

t.test('tasks: the stored events of a task, as its stream would send them', async t => {
  const { url } = await startRelay(t)
  const first = await post(url, phraseFailed('a'))
  const second = await post(url, { ...phraseReady('a'), data: { ...phraseReady('a').data, unknown: [1] } })
  const { status, headers, json } = await get(`${url}/tasks/a`)
  const [failed, ready] = json.events
  t.equal(status, 200)
  t.equal(headers.get('cache-control'), 'no-store')
  t.equal(headers.get('content-type'), 'application/json; charset=utf-8')
  t.strictSame(json, {
    taskId: 'a',
    state: 'phrase-ready',
    lastEventId: second.json.eventId,
    updatedAt: ready.data.receivedAt,
    events: [failed, ready]
  })
  t.strictSame(ready, {
    id: second.json.eventId,
    event: 'phrase-ready',
    data: {
      taskId: 'a',
      step: 'regenerate',
      code: 200,
      msg: 'success',
      status: 'wait_validating',
      validateInfo: 'Silver rivers hum below the hill',
      errorCode: 0,
      errorMessage: '',
      unknown: [1],
      source: 'callback',
      receivedAt: ready.data.receivedAt
    }
  })
  const data = { code: 400, msg: 'Validation phrase regeneration failed' }
  t.match(failed, { id: first.json.eventId, event: 'phrase-failed', data })
})

for (const [state, body, step] of [
  ['pending', { code: 200, taskId: 'a' }, 'validate'],
  ['phrase-ready', phraseReady('a'), 'validate'],
  ['phrase-failed', phraseFailed('a'), 'validate'],
  ['voice-ready', voiceReady('a'), 'generate'],
  ['voice-failed', { code: 500, taskId: 'a' }, 'generate']
] as const) {
  t.test(`tasks: the state ${state} comes from the newest event`, async t => {
    const { url } = await startRelay(t)
    await post(url, { code: 200, data: { taskId: 'a', status: 'before' } })
    await post(url, body, { step })
    t.equal((await get(`${url}/tasks/a`)).json.state, state)
  })
}

t.test('tasks: a task without events is a 404', async t => {
  const { url } = await startRelay(t)
  const json = { code: 'TASK_UNKNOWN', detail: 'Cannot show the task a: nothing is kept of it' }
  t.match(await get(`${url}/tasks/a`), { status: 404, json })
})

for (const path of ['a%20b', 'x'.repeat(129), 'a?wait=61', 'a?wait=-1', 'a?wait=soon']) {
  t.test(`tasks: /tasks/${path} is refused`, async t => {
    const { url } = await startRelay(t)
    t.match(await get(`${url}/tasks/${path}`), { status: 400, json: { code: 'REQUEST_INVALID' } })
  })
}

t.test('tasks: after returns only later events, and everything if it is unknown', async t => {
  const { url } = await startRelay(t)
  const { json: { eventId } } = await post(url, phraseFailed('a'))
  await post(url, phraseReady('a'))
  async function names (after: string): Promise<string[]> {
    const { json } = await get(`${url}/tasks/a?after=${after}`)
    return json.events.map(({ event }: { event: string }) => event)
  }
  t.strictSame(await names(eventId), ['phrase-ready'])
  t.strictSame(await names(eventId.replace('.1', '.2')), [])
  t.strictSame(await names('other.1'), ['phrase-failed', 'phrase-ready'])
  t.strictSame(await names(''), ['phrase-failed', 'phrase-ready'])
  t.strictSame(await names(`other.1&after=${eventId}`), ['phrase-ready'], 'the last one counts')
})

t.test('tasks: data is returned as it is stored, without another round through JSON', async t => {
  const store = memoryStore()
  const { url } = await mountRelay(t, store)
  const data = '{"n":1.0,"big":12345678901234567890,"receivedAt":"2026-01-01T00:00:00.000Z"}'
  await store.append('a', { event: 'task-update', digest: '1', data })
  const text = await (await fetch(`${url}/tasks/a`)).text()
  t.match(text, `"data":${data}}]}`)
})

t.test('tasks: an answer ends at 256 KiB of data, and after returns the rest', async t => {
  const { url } = await startRelay(t)
  const ids: string[] = []
  for (const n of numbers(10)) ids.push((await post(url, phraseReady('a', `${n} ${'x'.repeat(60_000)}`))).json.eventId)
  const parts: string[][] = []
  for (let after = ''; after !== ids.at(-1); after = parts.at(-1)?.at(-1) as string) {
    const { json } = await get(`${url}/tasks/a?wait=1&after=${after}`)
    t.equal(json.lastEventId, ids.at(-1), 'the newest event is named all the same')
    parts.push(json.events.map(({ id }: { id: string }) => id))
  }
  t.strictSame(parts, [ids.slice(0, 5), ids.slice(5)])
})

t.test('tasks: wait returns at once if there is an event', async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a'))
  t.equal((await get(`${url}/tasks/a?wait=60`)).json.events.length, 1)
})

t.test('tasks: wait returns when an event arrives, for an unknown task too', async t => {
  const bus = gatedBus()
  const { url } = await mountRelay(t, memoryStore(), { bus })
  const waiting = get(`${url}/tasks/a?wait=60`)
  while (bus.subscriptions === 0) await turn()
  await post(url, phraseReady('a'))
  t.match(await waiting, { status: 200, json: { state: 'phrase-ready', events: [{ event: 'phrase-ready' }] } })
  while (bus.subscriptions > 0) await turn()
})

t.test('tasks: wait with after returns the next event only', async t => {
  const bus = gatedBus()
  const { url } = await mountRelay(t, memoryStore(), { bus })
  const { json: { eventId } } = await post(url, phraseFailed('a'))
  const waiting = get(`${url}/tasks/a?wait=60&after=${eventId}`)
  while (bus.subscriptions === 0) await turn()
  await post(url, phraseReady('a'))
  t.match((await waiting).json.events.map(({ event }: { event: string }) => event), ['phrase-ready'])
})

t.test('tasks: wait returns 204 when the time is over', async t => {
  const { url } = await startRelay(t)
  const { json: { eventId } } = await post(url, phraseReady('a'))
  for (const path of [`a?wait=0.01&after=${eventId}`, 'unknown?wait=0.01']) {
    const { status, headers, json } = await get(`${url}/tasks/${path}`)
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
  const waiting = get(`${url}/tasks/b?wait=60`)
  while (bus.subscriptions === 0) await turn()
  t.equal((await get(`${url}/tasks/a?wait=60`)).status, 200)
  t.equal((await get(`${url}/tasks/c?wait=60`)).status, 429)
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
  const waiting = get(`${url}/tasks/a?wait=60`)
  while (bus.subscriptions === 0) await turn()
  await app.close()
  t.equal((await waiting).status, 204)
})

t.test('tasks: wait returns if the drain starts during its handshake', async t => {
  const bus = gatedBus()
  const { app, url } = await mountRelay(t, memoryStore(), { bus })
  const arrived = bus.shut()
  const waiting = get(`${url}/tasks/a?wait=60`)
  await arrived
  const closing = app.close()
  await turn()
  bus.open()
  await waiting
  await closing
})

t.test('tasks: the newest event is the last one returned, even if it is stored meanwhile', async t => {
  const store = memoryStore()
  const { url } = await mountRelay(t, {
    ...store,
    async read (taskId, ...args) {
      const { newest } = await store.extent(taskId)
      await store.append(taskId, { event: 'task-update', digest: 'meanwhile', data: newest?.data as string })
      return store.read(taskId, ...args)
    }
  })
  await post(url, phraseReady('a'))
  const { json } = await get(`${url}/tasks/a`)
  t.equal(json.events.length, 2)
  t.equal(json.lastEventId, json.events[1].id)
})

t.test('tasks: an unavailable store is a 503 with Retry-After', async t => {
  const store = failingStore()
  const { url } = await mountRelay(t, store)
  store.isFailing = true
  for (const path of ['a', 'a?wait=1']) {
    const { status, headers, json } = await get(`${url}/tasks/${path}`)
    t.equal(status, 503)
    t.equal(headers.get('retry-after'), '5')
    t.equal(json.code, 'STORE_UNAVAILABLE')
  }
})

t.test('tasks: keep-alives do not affect a held request', async t => {
  const { url } = await startRelay(t, { KEEP_ALIVE_MS: 16 })
  t.equal((await fetch(`${url}/tasks/a?wait=0.2`)).status, 204)
})
