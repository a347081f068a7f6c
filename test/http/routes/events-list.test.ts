import t, { type Test } from 'tap'
import { memoryHistory, renewFork } from '../../../src/store/memory/history.ts'
import { memoryStore } from '../../../src/store/memory/store.ts'
import { signTicket } from '../../../src/ticket.ts'
import { phraseFailed, phraseReady, post } from '../../support/callbacks.ts'
import { copyMemory } from '../../support/histories.ts'
import { update } from '../../support/phrase-with-updates.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { startRelay } from '../../support/relay.ts'
import { inSeconds } from '../../support/signing.ts'
import { dial } from '../../support/socket.ts'
import { watch, type TestStream } from '../../support/sse.ts'

const MAX_TASKS = 50
const names = (count: number) => Array.from({ length: count }, (_, n) => `task=t${n}`).join('&')

/** Reads as many events as there are tasks; returns the data of each, by task. */
async function nextOf (stream: TestStream, count: number): Promise<Record<string, any>> {
  const data: Record<string, any> = {}
  for (let i = 0; i < count; i++) {
    const event = await stream.next()
    data[event.data.taskId] = { event: event.event, ...event.data }
  }
  return data
}

t.test('several tasks: a whole stream, byte by byte', async t => {
  const { url } = await mountRelay(t, memoryStore(), { config: { RETRY_MS: 0 } })
  const first = await post(url, phraseFailed('b'))
  const [epoch] = first.json.eventId.split('.')
  const { until, ended } = await dial(t, url, ['GET /events?task=a&task=b&until=done&replay=none HTTP/1.1'])
  await until('"b"')
  const { json } = await post(url, phraseReady('b', 'Zeile 1 \u{1F3B5}'))
  await post(url, phraseReady('a'))
  const [, body = ''] = (await ended()).split('\r\n\r\n')
  const [, digest] = /^id:([^.]+)/m.exec(body) as RegExpExecArray
  const [at, later] = [...body.matchAll(/(?<="receivedAt":")[^"]+/g)]

  t.equal(body, 'retry:0\n' +
    'event:subscribed\n' +
    `id:${digest}..${epoch}.0.1\n` +
    'data:{"taskId":"a","state":"unknown","lastEventId":null,"gap":false,"replayed":0,' +
    `"eventId":"${epoch}.0"}\n` +
    '\n' +
    'event:subscribed\n' +
    `data:{"taskId":"b","state":"phrase-failed","lastEventId":"${epoch}.1","gap":false,"replayed":0,` +
    `"eventId":"${epoch}.1"}\n` +
    '\n' +
    'event:phrase-ready\n' +
    `id:${digest}..${epoch}.0.2\n` +
    'data:{"taskId":"b","step":"regenerate","code":200,"msg":"success","status":"wait_validating",' +
    '"validateInfo":"Zeile 1 \u{1F3B5}","errorCode":0,"errorMessage":"",' +
    `"source":"callback","receivedAt":"${at}","eventId":"${json.eventId}"}\n` +
    '\n' +
    'event:phrase-ready\n' +
    `id:${digest}..${epoch}.1.2\n` +
    'data:{"taskId":"a","step":"regenerate","code":200,"msg":"success","status":"wait_validating",' +
    '"validateInfo":"Silver rivers hum below the hill","errorCode":0,"errorMessage":"",' +
    `"source":"callback","receivedAt":"${later}","eventId":"${epoch}.1"}\n` +
    '\n' +
    'event:closing\n' +
    'data:{"reason":"done"}\n' +
    '\n')
})

t.test('several tasks: the data name the event id, also if the sender has a field of that name', async t => {
  const { url } = await startRelay(t)
  const body = phraseReady('a')
  const { json } = await post(url, { ...body, data: { ...body.data, eventId: 'theirs' } })
  const stream = await watch(t, `${url}/events?task=a&task=b`)
  const { a } = await nextOf(stream, 3)
  t.equal(a.eventId, json.eventId)
})

t.test('several tasks: a client resumes all of them with one id, in the header or in the query', async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a', 'a1'))
  const stream = await watch(t, `${url}/events?task=a&task=b&task=c`)
  const { id } = await stream.next()
  t.ok(id)
  stream.close()
  for (const phrase of ['b1', 'a2', 'b2']) await post(url, phraseReady(phrase.charAt(0), phrase))

  for (const again of [
    await watch(t, `${url}/events?task=a&task=b&task=c`, { 'last-event-id': id as string }),
    await watch(t, `${url}/events?task=a&task=b&task=c&lastEventId=${id}`)
  ]) {
    const subscribed = await nextOf(again, 3)
    t.match(subscribed, { a: { gap: false, replayed: 2 }, b: { gap: false, replayed: 2 }, c: { replayed: 0 } })
    const phrases: string[] = []
    for (let i = 0; i < 4; i++) phrases.push((await again.next()).data.validateInfo)
    t.strictSame(phrases.filter((phrase) => phrase.startsWith('a')), ['a1', 'a2'])
    t.strictSame(phrases.filter((phrase) => phrase.startsWith('b')), ['b1', 'b2'])
  }
})

t.test('several tasks: each may start after an event of its own', async t => {
  const { url } = await startRelay(t)
  const { json } = await post(url, phraseReady('a', 'a1'))
  for (const phrase of ['a2', 'a3']) await post(url, phraseReady('a', phrase))
  await post(url, phraseReady('b', 'b1'))
  const stream = await watch(t, `${url}/events?task=a@${json.eventId}&task=b@&task=c@nonsense&replay=none`)
  t.match(await nextOf(stream, 3), {
    a: { gap: false, replayed: 2, eventId: json.eventId },
    b: { gap: false, replayed: 0 },
    c: { gap: true, replayed: 0 }
  })
  for (const validateInfo of ['a2', 'a3']) t.match(await stream.next(), { data: { validateInfo } })
})

for (const [what, query] of Object.entries({
  'another list': 'task=a&task=c',
  'another order': 'task=b&task=a',
  'fewer tasks': 'task=a',
  'more tasks': 'task=a&task=b&task=c'
})) {
  t.test(`several tasks: the cursor of ${what} is a gap for every task, never a wrong resume`, async t => {
    const { url } = await startRelay(t)
    for (const task of ['a', 'b', 'c']) for (const phrase of ['1', '2']) await post(url, phraseReady(task, phrase))
    const { id } = await (await watch(t, `${url}/events?task=a&task=b`)).next()
    const stream = await watch(t, `${url}/events?${query}`, { 'last-event-id': id as string })
    const count = query.split('&').length
    for (const { gap, replayed } of Object.values(await nextOf(stream, count))) t.strictSame([gap, replayed], [true, 2])
  })
}

t.test('several tasks: an event id of one task is a gap, and so is the id of several for one', async t => {
  const { url } = await startRelay(t)
  const { json } = await post(url, phraseReady('a'))
  const several = await watch(t, `${url}/events?task=a`, { 'last-event-id': json.eventId })
  const { id, data } = await several.next()
  t.equal(data.gap, true)
  const single = await watch(t, `${url}/events/a`, { 'last-event-id': id as string })
  t.equal((await single.next()).data.gap, true)
})

t.test('several tasks: a cursor that one task does not know is a gap for that task only', async t => {
  const { url } = await startRelay(t)
  for (const task of ['a', 'b']) await post(url, phraseReady(task))
  const open = await watch(t, `${url}/events?task=a&task=b&replay=none`)
  const { id } = await open.next()
  await open.next()
  t.equal((await fetch(`${url}/tasks/a`, { method: 'DELETE' })).status, 200)
  t.match(await open.next(), { id: undefined, event: 'closing', data: { reason: 'erased', taskId: 'a' } })
  t.strictSame(await open.rest(), [])

  const again = await watch(t, `${url}/events?task=a&task=b`, { 'last-event-id': id as string })
  const subscribed = await nextOf(again, 2)
  t.match(subscribed, { a: { state: 'expired', gap: true }, b: { state: 'phrase-ready', gap: false, replayed: 0 } })
  await post(url, phraseReady('a', 'later'))
  t.match(await again.next(), { data: { taskId: 'a', validateInfo: 'later' } })
})

t.test('several tasks: a stream of which one history was put back ends and names the task', async t => {
  const history = memoryHistory()
  const { url } = await mountRelay(t, memoryStore({}, history))
  await post(url, phraseReady('b', 'one'))
  const restore = copyMemory(history)
  const stream = await watch(t, `${url}/events?task=a&task=b&replay=none`)
  await nextOf(stream, 2)
  await post(url, phraseReady('b', 'lost'))
  await stream.next()
  restore()
  renewFork(history)
  await post(url, phraseReady('b', 'another'))
  t.match(await stream.next(), { event: 'closing', data: { reason: 'history-lost', taskId: 'b' } })
})

t.test('several tasks: until=done ends when all are done, and a reconnect then gets a 204', async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a'))
  const query = 'task=a&task=b&task=c&until=done'
  const stream = await watch(t, `${url}/events?${query}`)
  await nextOf(stream, 4)
  await post(url, phraseFailed('b'))
  // A task that goes on is not done any more.
  await post(url, update('a', 'working'), { step: 'generate' })
  await post(url, phraseReady('c'))
  t.strictSame(Object.keys(await nextOf(stream, 3)).sort(), ['a', 'b', 'c'])
  await post(url, phraseReady('a', 'another'))
  const last = await stream.next()
  t.match(await stream.next(), { event: 'closing', data: { reason: 'done' } })
  const headers = { 'last-event-id': last.id as string }
  t.equal((await fetch(`${url}/events?${query}`, { headers })).status, 204)
  t.equal((await watch(t, `${url}/events?${query.replace('&until=done', '')}`, headers)).status, 200)
  await post(url, update('b', 'working'), { step: 'generate' })
  t.equal((await watch(t, `${url}/events?${query}`, headers)).status, 200, 'one is not done any more')
})

const refusals: ReadonlyArray<[what: string, query: string, detail: string]> = [
  ['no task', '', 'it names no task, expected ?task=<task id>, 1 to 50 times'],
  ['an empty task', '?task=', 'it names no task, expected ?task=<task id>, 1 to 50 times'],
  ['51 tasks', `?${names(MAX_TASKS + 1)}`, 'it names 51 tasks, expected at most 50'],
  ['a task twice', '?task=a&task=b&task=a', 'it names the task a twice'],
  ['a task twice with cursors', '?task=a@x.1&task=a@x.2', 'it names the task a twice'],
  ['one bad id', '?task=a&task=b/c', 'task 2 is malformed, expected 1 to 128 characters of A-Z a-z 0-9 . _ : -'],
  ['a cursor without a task', '?task=@x.1', 'task 1 is malformed, expected 1 to 128 characters of A-Z a-z 0-9 . _ : -']
]

for (const [what, query, detail] of refusals) {
  t.test(`several tasks: ${what} is a 400 in words`, async t => {
    const { url } = await startRelay(t)
    for (const path of [`/events${query}`, `/events/${query}`]) {
      const response = await fetch(url + path)
      t.equal(response.status, 400)
      t.match(await response.json(), { code: 'REQUEST_INVALID', detail: `Cannot open a stream: ${detail}` })
      t.equal((await fetch(url + path, { method: 'HEAD' })).status, 400)
    }
  })
}

t.test('several tasks: 50 open one stream, with ids of any length that a URL has room for', async t => {
  const { url } = await startRelay(t)
  const ids = Array.from({ length: MAX_TASKS }, (_, n) => String(n).padStart(128, 'x'))
  const stream = await watch(t, `${url}/events?${ids.map((id) => `task=${id}`).join('&')}`)
  t.strictSame(Object.keys(await nextOf(stream, MAX_TASKS)), ids)
  await post(url, phraseReady(ids[49] as string))
  const { id, data } = await stream.next()
  t.equal(data.taskId, ids[49])
  t.ok((id as string).length < 200)
})

t.test('several tasks: headers, HEAD, Accept and other origins are those of one task', async t => {
  const { url } = await startRelay(t, { CORS_ORIGINS: ['https://app.example'] })
  const headers = { origin: 'https://app.example' }
  const [one, several] = await Promise.all(['/events/a', '/events?task=a&task=b'].map((path) => {
    return fetch(url + path, { method: 'HEAD', headers })
  })) as [Response, Response]
  const list = ({ headers }: Response) => [...headers].filter(([name]) => name !== 'date')
  t.equal(several.status, 200)
  t.strictSame(list(several), list(one))
  const stream = await watch(t, `${url}/events?task=a&task=b`, headers)
  t.equal(stream.headers.get('access-control-allow-origin'), headers.origin)
  t.equal((await fetch(`${url}/events?task=a`, { headers: { accept: 'text/html' } })).status, 406)
})

async function openAll (t: Test, url: string, lists: readonly string[]): Promise<void> {
  for (const list of lists) await (await watch(t, `${url}/events?${list}`)).next()
}

t.test('several tasks: a stream takes a place of each of its tasks, and frees them all', async t => {
  const { url } = await startRelay(t, { MAX_STREAMS_PER_TASK: 2 })
  await openAll(t, url, ['task=a&task=b'])
  const second = await watch(t, `${url}/events?task=b&task=c`)
  await second.next()
  for (const full of ['/events/b', '/events?task=d&task=b', '/tasks/b?wait=1']) {
    t.equal((await fetch(url + full)).status, 429, full)
  }
  // A refused stream takes no place of the tasks that have one.
  await openAll(t, url, ['task=a', 'task=c', 'task=d', 'task=d'])
  second.close()
  let { status } = await fetch(`${url}/events/b`)
  while (status === 429) ({ status } = await fetch(`${url}/events/b`))
  t.equal(status, 200)
})

t.test('several tasks: a stream is one for its address and in all', async t => {
  for (const setting of ['MAX_STREAMS', 'MAX_STREAMS_PER_IP']) {
    const { url } = await startRelay(t, { [setting]: 2 })
    await openAll(t, url, [names(MAX_TASKS), 'task=a&task=b'])
    t.equal((await fetch(`${url}/events?task=c`)).status, 429, setting)
    const browser = await fetch(`${url}/events?task=c`, { headers: { accept: 'text/event-stream' } })
    t.match(await browser.text(), /^retry:\d+\n\n$/)
  }
})

const KEY = 'the-one-key-of-this-relay-32-bytes-or-more'
const sign = (tasks: string[], expires = inSeconds(60)) => signTicket(KEY, tasks, expires)

t.test('several tasks: tickets have to cover every task, in one or in several', async t => {
  const { url } = await startRelay(t, { TICKET_KEYS: [KEY] })
  const [ab, a, b, all] = await Promise.all([['a', 'b'], ['a'], ['b'], ['*']].map((tasks) => sign(tasks)))
  const bearer = { authorization: `Bearer ${ab}` }
  t.equal((await watch(t, `${url}/events?task=a&task=b`, bearer)).status, 200)
  t.equal((await watch(t, `${url}/events?task=a&task=b`, { cookie: `ticket=${all}` })).status, 200)
  for (const tickets of [[ab], [a, b], [b, a, a]]) {
    const query = `task=a&task=b&${tickets.map((ticket) => `ticket=${ticket}`).join('&')}`
    t.equal((await watch(t, `${url}/events?${query}`)).status, 200)
    t.equal((await fetch(`${url}/events?${query}`, { method: 'HEAD' })).status, 200)
  }

  for (const [query, status, code] of [
    ['', 401, 'TICKET_INVALID'],
    [`&ticket=${a}`, 403, 'TASK_FORBIDDEN'],
    [`&ticket=${a}&ticket=x`, 401, 'TICKET_INVALID']
  ]) {
    const response = await fetch(`${url}/events?task=a&task=b${query}`)
    t.equal(response.status, status)
    t.match(await response.json(), { code })
  }
})

t.test('several tasks: a stream ends when the first of its tickets expires', async t => {
  const { url } = await startRelay(t, { TICKET_KEYS: [KEY] })
  const [a, b] = await Promise.all([sign(['a'], inSeconds(1)), sign(['b'])])
  const stream = await watch(t, `${url}/events?task=a&task=b&ticket=${b}&ticket=${a}`)
  t.strictSame(await stream.rest(), ['subscribed', 'subscribed', 'closing'])
})
