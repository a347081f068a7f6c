import fc from 'fast-check'
import t, { type Test } from 'tap'
import { watchTasks, type Fetch, type TaskEvents, type WatchTasksOptions } from '../../src/client/index.ts'
import { signTicket } from '../../src/ticket.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { startRelay } from '../support/relay.ts'
import { answer, cutStream, endedStream, frame, startServer, stream, task } from '../support/server.ts'
import { inSeconds } from '../support/signing.ts'
import { nextEvent } from '../support/watching.ts'

const seed = Number(process.env['SEED'] ?? Date.now() % 1e9)

function watchAll (t: Test, url: string, taskIds: string[], options: WatchTasksOptions = {}): TaskEvents {
  const events = watchTasks(url, taskIds, options)
  t.teardown(() => events.return())
  return events
}

/** Reads events. Resolves with their ids, or another field of their data, by task. */
async function read (events: TaskEvents, count: number, field?: string): Promise<Record<string, unknown[]>> {
  const seen: Record<string, unknown[]> = {}
  for (let i = 0; i < count; i++) {
    const { id, data } = await nextEvent(events)
    const list = seen[data.taskId] ??= []
    list.push(field ? data[field] : id)
  }
  return seen
}

/** Frames of a stream of several tasks. */
const hello = (taskId: string, eventId: string, more = {}) => frame('', 'subscribed', { taskId, eventId, ...more })
const event = (taskId: string, eventId: string) => frame('x..e.1', 'task-update', { taskId, eventId })
const retry = 'retry:1\n'

t.test('watchTasks: delivers the events of each task with their own ids and data', async t => {
  const { url } = await startRelay(t)
  const one = await post(url, phraseReady('a', 'one'))
  const events = watchAll(t, url, ['a', 'b'])

  const first = await nextEvent(events)
  t.equal(first.id, one.json.eventId)
  t.equal(first.data.validateInfo, 'one')
  t.notOk('eventId' in first.data, 'the data are those of a stream of one task')
  t.equal(events.status.connection, 'live')
  const two = await post(url, phraseReady('b', 'two'))
  t.strictSame(await read(events, 1), { b: [two.json.eventId] })
})

t.test('watchTasks: resumes each task after its last event, and skips an event that comes again', async t => {
  const { url, requests } = await startServer(t,
    cutStream(retry, hello('a', 'e.4'), hello('b', 'e.0'), event('b', 'e.1'), event('a', 'e.5'), 'event:task-up'),
    endedStream(retry, hello('a', 'e.5'), hello('b', 'e.1'), event('a', 'e.5'), event('b', 'e.2')),
    stream(hello('a', 'e.5'), hello('b', 'e.2'), event('a', 'e.6'))
  )
  const gaps: string[] = []
  const events = watchAll(t, url, ['a', 'b'], { onGap (taskId) { gaps.push(taskId) } })

  t.strictSame(await read(events, 4), { b: ['e.1', 'e.2'], a: ['e.5', 'e.6'] })
  t.strictSame(requests, [
    '/events?task=a&task=b&replay=latest&lastEventId=',
    '/events?task=a@e.5&task=b@e.1&replay=latest&lastEventId=',
    '/events?task=a@e.5&task=b@e.2&replay=latest&lastEventId='
  ])
  t.strictSame(gaps, [])
})

t.test('watchTasks: starts at cursors of its own, and names the task whose cursor is unknown', async t => {
  const { url } = await startRelay(t)
  const { json } = await post(url, phraseReady('a', 'a1'))
  for (const phrase of ['a2', 'b1', 'b2']) await post(url, phraseReady(phrase.charAt(0), phrase))
  const gaps: string[] = []
  const reports: unknown[] = []
  const events = watchAll(t, url, ['a', 'b', 'c'], {
    cursors: { a: json.eventId, b: 'another.7' },
    onGap (taskId) { gaps.push(taskId) },
    onReport ({ taskId, state }) { reports.push([taskId, state]) }
  })

  t.strictSame(await read(events, 3, 'validateInfo'), { a: ['a2'], b: ['b1', 'b2'] })
  t.strictSame(gaps, ['b'])
  t.strictSame(reports, [['a', 'phrase-ready'], ['b', 'phrase-ready'], ['c', 'unknown']])
})

t.test('watchTasks: goes on after one task was erased', async t => {
  const { url } = await startRelay(t, { RETRY_MS: 100 })
  for (const task of ['a', 'b']) await post(url, phraseReady(task))
  const gaps: string[] = []
  const events = watchAll(t, url, ['a', 'b'], { onGap (taskId) { gaps.push(taskId) } })
  await read(events, 2)
  await fetch(`${url}/tasks/a`, { method: 'DELETE' })
  const next = read(events, 2, 'validateInfo')
  for (const phrase of ['a2', 'b2']) await post(url, phraseReady(phrase.charAt(0), phrase))
  t.strictSame(await next, { a: ['a2'], b: ['b2'] })
  t.strictSame(gaps, ['a'])
})

/** A `fetch` like that of React Native, whose responses have no body to stream. */
const streamless: Fetch = async (url, init) => {
  if (!url.includes('/events')) return fetch(url, init)
  return { ok: true, status: 200, headers: new Headers({ 'content-type': 'text/event-stream' }) } as Response
}

t.test('watchTasks without streams: asks for one task after the other, and misses nothing', async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a', 'a1'))
  const events = watchAll(t, url, ['a', 'b'], { fetch: streamless, replay: 'all' })
  t.strictSame(await read(events, 1, 'validateInfo'), { a: ['a1'] })
  for (const phrase of ['b1', 'a2', 'b2']) await post(url, phraseReady(phrase.charAt(0), phrase))
  t.strictSame(await read(events, 3, 'validateInfo'), { a: ['a2'], b: ['b1', 'b2'] })
  t.equal(events.status.connection, 'polling')
})

t.test('watchTasks: a stream after polling starts where the polls ended', async t => {
  const { url, requests } = await startServer(t,
    answer(500), answer(200, task('e.3')), answer(204), stream(hello('a', 'e.3'), hello('b', 'e.0'), event('b', 'e.1'))
  )
  const events = watchAll(t, url, ['a', 'b'])
  t.equal((await nextEvent(events)).id, 'e.3')
  t.equal((await nextEvent(events)).id, 'e.1')
  t.equal(requests.at(-1), '/events?task=a@e.3&task=b&replay=all&lastEventId=')
})

const KEY = 'a-key-of-the-relay-of-32-bytes-or-more'

t.test('watchTasks: renews a ticket that expires during a stream', async t => {
  const { url } = await startRelay(t, { TICKET_KEYS: [KEY], RETRY_MS: 100 })
  let tickets = 0
  const renewed = Promise.withResolvers<void>()
  const events = watchAll(t, url, ['a', 'b'], {
    async ticket () {
      if (++tickets === 2) renewed.resolve()
      return signTicket(KEY, ['a', 'b'], inSeconds(tickets === 1 ? 1 : 60))
    }
  })
  const next = nextEvent(events)
  await renewed.promise
  const { json } = await post(url, phraseReady('b'))
  t.equal((await next).id, json.eventId)
})

t.test('watchTasks: ends if the server refuses for good', async t => {
  const { url } = await startRelay(t, { TICKET_KEYS: [KEY] })
  const ticket = await signTicket(KEY, ['a'], inSeconds(60))
  const refusals: Array<[taskIds: string[], status: number, code: string]> = [
    [['a', 'b'], 403, 'TASK_FORBIDDEN'],
    [['a', 'b c'], 400, 'REQUEST_INVALID'],
    [Array.from({ length: 51 }, (_, n) => `t${n}`), 400, 'REQUEST_INVALID']
  ]
  for (const [taskIds, status, code] of refusals) {
    await t.rejects(watchAll(t, url, taskIds, { ticket }).next(), { name: 'WatchRefused', status, code })
  }
})

t.test('watchTasks: throws if no request can be sent', async t => {
  t.throws(() => watchTasks('ws://relay', ['a']), { name: 'TypeError' })
  await t.rejects(watchTasks('http://relay', []).next(), { name: 'TypeError' })
  t.throws(() => watchTasks('http://relay', ['a', '..']), { name: 'TypeError' })
})

/** Returns a `fetch` that cuts the body of each stream after some bytes. The last size is that of all further ones. */
function cutting (sizes: readonly number[]): Fetch {
  let turn = 0
  return async (url, init) => {
    const response = await fetch(url, init)
    let rest = sizes[Math.min(turn++, sizes.length - 1)] as number
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      transform (chunk, controller) {
        controller.enqueue(chunk.subarray(0, rest))
        rest -= chunk.length
        if (rest <= 0) controller.error(new Error('cut'))
      }
    })
    return new Response(response.body?.pipeThrough(cut) ?? null, { headers: response.headers })
  }
}

const sizes = fc.array(fc.integer({ min: 200, max: 3000 }), { maxLength: 8 })
const schedule = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 10, maxLength: 30 })

t.test(`watchTasks: every event once and in order per task, however streams are cut (seed ${seed})`, async t => {
  await fc.assert(fc.asyncProperty(sizes, schedule, async (sizes, schedule) => {
    const { url, close } = await startRelay(t, { RETRY_MS: 100 })
    const wanted: Record<string, unknown[]> = {}
    const events = watchAll(t, url, ['a', 'b', 'c'], { fetch: cutting([...sizes, Infinity]), replay: 'all' })
    const seen = read(events, schedule.length)
    for (const [index, taskId] of schedule.entries()) {
      const { json } = await post(url, phraseReady(taskId, `phrase ${index}`))
      const ids = wanted[taskId] ??= []
      ids.push(json.eventId)
    }
    t.strictSame(await seen, wanted)
    await events.return()
    await close()
  }), { seed, numRuns: 8 })
})
