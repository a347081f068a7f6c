import { EventEmitter, once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createUnderWay } from '../../../src/http/guards/under-way.ts'
import { memoryStore } from '../../../src/store/memory/store.ts'
import { phraseReady, post } from '../../support/callbacks.ts'
import { callbackBytes, statuses } from '../../support/raw.ts'
import { dial } from '../../support/socket.ts'
import { mountRelay } from '../../support/relay-with.ts'

// Node reads all connections that have data before a turn ends.
const skip = 'Deno' in globalThis && 'this runtime takes one request a turn'
const TOKEN = 'a-token-of-the-sender'
const query = `?token=${TOKEN}`

/** A relay whose store keeps nothing before it is let. */
async function startSlow (t: Test, limit: number) {
  const { promise: allowed, resolve: allow } = Promise.withResolvers<void>()
  const arrivals = new EventEmitter()
  const store = memoryStore()
  let waiting = 0
  async function later<T> (work: () => Promise<T>): Promise<T> {
    arrivals.emit(String(++waiting))
    await allowed
    return work()
  }
  const { url } = await mountRelay(t, {
    ...store,
    append: (...args) => later(() => store.append(...args)),
    quarantine: { ...store.quarantine, hold: (...args) => later(() => store.quarantine.hold(...args)) }
  }, { config: { MAX_CALLBACKS: limit, CALLBACK_TOKENS: [TOKEN] } })
  const send = (task: string) => post(url, phraseReady(task), { query })

  return { url, send, allow, untilWaiting: (count: number) => once(arrivals, String(count)) }
}

t.test('MAX_CALLBACKS: a callback over the limit is a 503 with Retry-After, and others are kept', async t => {
  const { url, send, allow, untilWaiting } = await startSlow(t, 2)
  // One of them cannot be read.
  const full = untilWaiting(2)
  const kept = [send('a'), post(url, '{}', { query })]
  await full
  for (let n = 0; n < 3; n++) {
    const { status, headers, json } = await send('b')
    t.strictSame([status, json.code, headers.get('retry-after')], [503, 'OVERLOADED', '5'])
  }
  allow()
  t.strictSame((await Promise.all(kept)).map(({ status }) => status), [200, 200])
  t.equal((await send('b')).status, 200)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  t.match(metrics, /^relay_callbacks_total\{outcome="OVERLOADED"\} 3$/m)
})

t.test('MAX_CALLBACKS: 0 is no limit', async t => {
  const { send, allow, untilWaiting } = await startSlow(t, 0)
  const all = untilWaiting(5)
  const kept = Array.from({ length: 5 }, (_, n) => send(`${n}`))
  await all
  allow()
  t.ok((await Promise.all(kept)).every(({ status }) => status === 200))
})

t.test('MAX_CALLBACKS: strangers and bodies that do not come take no room', async t => {
  const { url, send, allow } = await startSlow(t, 1)
  const { socket } = await dial(t, url)
  socket.write(`POST /callback${query} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{`)
  t.equal((await post(url, phraseReady('a'), {})).status, 401)
  allow()
  t.equal((await send('a')).status, 200)
})

t.test('createUnderWay() counts work that fails until it has failed', async t => {
  const underWay = createUnderWay(1)
  await t.rejects(underWay.count(async () => { throw new Error('no') }), { message: 'no' })
  t.ok(underWay.hasRoom())
  const { promise, resolve } = Promise.withResolvers<void>()
  const counted = underWay.count(() => promise)
  t.notOk(underWay.hasRoom())
  await t.rejects(underWay.count(async () => { t.fail('must not start') }), { code: 'OVERLOADED' })
  resolve()
  await counted
  t.ok(underWay.hasRoom())
})

t.test('createUnderWay() has room for a burst, and for less while one turn after the other is long', async t => {
  let now = 1000
  const underWay = createUnderWay(0, () => now)
  const keep = (count: number) => { for (let i = 0; i < count; i++) underWay.count(async () => {}) }
  async function roomAfter (ms: number): Promise<boolean> {
    keep(100)
    now += ms
    const hasRoom = underWay.hasRoom()
    await nextTurn()
    return hasRoom
  }
  t.ok(await roomAfter(500), 'a burst')
  t.ok(await roomAfter(75), 'a turn soon after it')
  now += 400
  t.notOk(await roomAfter(76), 'a longer turn soon after it')
  t.notOk(await roomAfter(76))
  now += 500
  t.notOk(await roomAfter(501), 'a burst that is too long')
  keep(99)
  now += 1000
  t.ok(underWay.hasRoom(), 'a long turn with few callbacks is a pause')
})

t.test('overload: a turn that kept callbacks for 500 ms refuses the others; all are answered', { skip }, async t => {
  const { url, hub } = await mountRelay(t, memoryStore(), {
    onRequest (request, _reply, done) {
      const end = performance.now() + (request.method === 'POST' ? 4 : 0)
      while (performance.now() < end);
      done()
    }
  })
  // A turn accepts one connection, so all are open before the callbacks are sent.
  const connections = await Promise.all(Array.from({ length: 300 }, async () => {
    const connection = await dial(t, url, ['GET /healthz HTTP/1.1'])
    await connection.until('}')
    return connection
  }))
  const answers = await Promise.all(connections.map(async ({ socket, ended }, i) => {
    socket.write(callbackBytes(JSON.stringify(phraseReady(`task-${i}`))))
    return (await ended()).replace(/^[^]*?}/, '')
  }))

  const kept = await Promise.all(answers.map(async (_, i) => (await hub.history(`task-${i}`, undefined)).events.length))
  t.strictSame(answers.map(statuses), kept.map((count) => [count === 1 ? 200 : 503]))
  const refused = answers.filter((answer) => answer.startsWith('HTTP/1.1 503'))
  t.ok(refused.length > 0 && refused.length <= 200, `${refused.length} of 300 are refused`)
  for (const answer of refused) t.match(answer, /retry-after: 5\r\n[^]*\r\n\r\n{.*"code":"OVERLOADED".*}$/i)
  t.match(refused.at(-1), /x-content-type-options: nosniff\r\n/)
  t.equal((await post(url, phraseReady('later'))).status, 200)
})
