import t from 'tap'
import { numbers } from '../../../src/conformance/drafts.ts'
import { memoryStore } from '../../../src/store/memory/store.ts'
import { phraseFailed, phraseReady, post, voiceReady } from '../../support/callbacks.ts'
import { getJson } from '../../support/get-json.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { startRelay } from '../../support/relay.ts'
import { failingStore } from '../../support/stores.ts'

t.test('tasks: the stored events of a task, as its stream would send them', async t => {
  const { url } = await startRelay(t)
  const first = await post(url, phraseFailed('a'))
  const second = await post(url, { ...phraseReady('a'), data: { ...phraseReady('a').data, unknown: [1] } })
  const { status, headers, json } = await getJson(`${url}/tasks/a`)
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
    t.equal((await getJson(`${url}/tasks/a`)).json.state, state)
  })
}

t.test('tasks: a task without events is a 404', async t => {
  const { url } = await startRelay(t)
  const json = { code: 'TASK_UNKNOWN', detail: 'Cannot show the task: a is unknown' }
  t.match(await getJson(`${url}/tasks/a`), { status: 404, json })
})

for (const path of ['a%20b', 'x'.repeat(129), 'a?wait=61', 'a?wait=-1', 'a?wait=soon']) {
  t.test(`tasks: /tasks/${path} is refused`, async t => {
    const { url } = await startRelay(t)
    t.match(await getJson(`${url}/tasks/${path}`), { status: 400, json: { code: 'REQUEST_INVALID' } })
  })
}

t.test('tasks: after returns only later events, and everything if it is unknown', async t => {
  const { url } = await startRelay(t)
  const { json: { eventId } } = await post(url, phraseFailed('a'))
  await post(url, phraseReady('a'))
  async function names (after: string): Promise<string[]> {
    const { json } = await getJson(`${url}/tasks/a?after=${after}`)
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
    const { json } = await getJson(`${url}/tasks/a?wait=1&after=${after}`)
    t.equal(json.lastEventId, ids.at(-1), 'the newest event is named all the same')
    parts.push(json.events.map(({ id }: { id: string }) => id))
  }
  t.strictSame(parts, [ids.slice(0, 5), ids.slice(5)])
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
  const { json } = await getJson(`${url}/tasks/a`)
  t.equal(json.events.length, 2)
  t.equal(json.lastEventId, json.events[1].id)
})

t.test('tasks: an unavailable store is a 503 with Retry-After', async t => {
  const store = failingStore()
  const { url } = await mountRelay(t, store)
  store.isFailing = true
  for (const path of ['a', 'a?wait=1']) {
    const { status, headers, json } = await getJson(`${url}/tasks/${path}`)
    t.equal(status, 503)
    t.equal(headers.get('retry-after'), '5')
    t.equal(json.code, 'STORE_UNAVAILABLE')
  }
})
