import { EventEmitter, once } from 'node:events'
import t, { type Test } from 'tap'
import { createUnderWay } from '../../../src/http/guards/under-way.ts'
import { memoryStore } from '../../../src/store/memory/store.ts'
import { phraseReady, post } from '../../support/callbacks.ts'
import { dial } from '../../support/socket.ts'
import { mountRelay } from '../../support/relay-with.ts'

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
  await t.rejects(underWay.count(Promise.reject(new Error('no'))), { message: 'no' })
  underWay.requireRoom()
  const { promise, resolve } = Promise.withResolvers<void>()
  const counted = underWay.count(promise)
  t.throws(() => { underWay.requireRoom() }, { code: 'OVERLOADED' })
  resolve()
  await counted
  underWay.requireRoom()
})
