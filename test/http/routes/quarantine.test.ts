import { join } from 'node:path'
import Fastify from 'fastify'
import t from 'tap'
import { createHub, localBus, memoryStore, phraseRelay, readHeld } from '../../../src/index.ts'
import { phraseReady, post } from '../../support/callbacks.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { startRelay, temporaryFolder } from '../../support/relay.ts'
import { kieHeaders, nowSeconds } from '../../support/signing.ts'
import { watch } from '../../support/sse.ts'

const CONFIG = { CALLBACK_TOKENS: ['token'], WEBHOOK_HMAC_KEYS: ['key'] }
const query = '?token=token'
const ODD = { code: '200', data: { taskId: 'a' } }
const QUARANTINED = { received: true, quarantined: true }

/** Reads what the tests hold, as a later version would. */
const readOdd = (held: Parameters<typeof readHeld>[0]) => readHeld({ ...held, body: held.body.replace('"200"', '200') })

for (const [what, body] of Object.entries({
  'without a task id': { code: 200, msg: 'success', data: {} },
  'with a field of a wrong type': ODD,
  'that is no object': [1],
  'that is null': null,
  'nested too deep': `${'['.repeat(10_000)}${']'.repeat(10_000)}`
})) {
  t.test(`callback: an authentic body ${what} is held, as it came`, async t => {
    const { url, hub } = await startRelay(t, CONFIG)
    const text = typeof body === 'string' ? body : JSON.stringify(body, null, 1)
    const { status, json } = await post(url, text, { query, step: 'validate' })

    t.strictSame({ status, json }, { status: 200, json: QUARANTINED })
    const seen: unknown[] = []
    await hub.replay((held) => {
      seen.push([held.step, held.body])
      throw new Error('not yet')
    })
    t.strictSame(seen, [['validate', text]])
  })
}

t.test('callback: without any authentication configured an unreadable body is refused and not held', async t => {
  const { url, hub } = await startRelay(t, { ALLOW_OPEN_CALLBACKS: true })
  t.match(await post(url, ODD), { status: 400, json: { code: 'CALLBACK_UNREADABLE' } })
  t.strictSame(await hub.replay(readOdd), [])
})

t.test('callback: an unreadable body without proof is refused and not held', async t => {
  const { url, hub } = await startRelay(t, CONFIG)
  t.equal((await post(url, ODD)).status, 401)
  t.strictSame(await hub.replay(readOdd), [])
})

t.test('callback: an unreadable delivery that comes again is held once', async t => {
  const { url, hub } = await startRelay(t, CONFIG)
  const headers = kieHeaders('key', 'a')
  for (let n = 0; n < 3; n++) t.strictSame((await post(url, ODD, { headers })).json, QUARANTINED)
  t.equal((await post(url, { ...ODD, msg: 'forged' }, { headers })).status, 401)
  t.equal((await hub.replay(readHeld)).length, 1)
})

t.test('callback: an unreadable delivery is the same with its keys in another order', async t => {
  const { url, hub } = await startRelay(t, CONFIG)
  const headers = kieHeaders('key', 'a')
  for (const body of [ODD, { data: ODD.data, code: ODD.code }]) t.strictSame((await post(url, body, { headers })).json, QUARANTINED)
  t.equal((await hub.replay(readHeld)).length, 1)
})

t.test('callback: a held delivery that comes again after it was replayed is a duplicate of the event that it became', async t => {
  const { url, hub } = await startRelay(t, { ...CONFIG, DEDUPE_WINDOW_MS: 0 })
  const headers = kieHeaders('key', 'a')
  await post(url, ODD, { headers })
  const [replayed] = await hub.replay(readOdd)
  t.strictSame((await post(url, ODD, { headers })).json, { received: true, taskId: 'a', eventId: replayed?.event?.id, duplicate: true })
  t.strictSame(await hub.replay(readOdd), [])
})

t.test('callback: what the quarantine has no room for is answered 503, so that the sender tries again', async t => {
  const { url } = await startRelay(t, { ...CONFIG, BODY_LIMIT_BYTES: 16_777_216 })
  const full = (size: number): string => `"${'x'.repeat(size - 2)}"`
  t.strictSame((await post(url, full(16_777_216), { query })).json, QUARANTINED)
  const { status, headers, json } = await post(url, '1', { query })
  t.strictSame([status, json.code, headers.get('retry-after')], [503, 'QUARANTINE_FULL', '5'])
})

t.test('hub.replay() publishes what can be read now, once, with the time that it came', async t => {
  let time = Date.parse('2026-01-02T03:04:05.678Z')
  const { url, hub } = await mountRelay(t, memoryStore({ now: () => time }), { config: CONFIG })
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  await post(url, ODD, { query })
  await post(url, { code: 200 }, { query })
  time += 60_000

  const [one, two] = await Promise.all([hub.replay(readOdd), hub.replay(readOdd)])

  const { id, data } = await stream.next()
  t.equal(one.concat(two).filter(({ event }) => event?.id === id).length, 1)
  t.equal(data.receivedAt, '2026-01-02T03:04:05.678Z')
  t.match(await hub.replay(readOdd), [{ id: 2, reason: /it names no task/ }])
})

t.test('hub.replay() may be of one callback alone', async t => {
  const { url, hub } = await startRelay(t, CONFIG)
  await post(url, ODD, { query })
  await post(url, { ...ODD, msg: 'two' }, { query })
  t.match(await hub.replay(readOdd, 2), [{ id: 2, event: { taskId: 'a', seq: 1 } }])
  t.strictSame(await hub.replay(readOdd, 7), [])
})

t.test('hub.replay() gives a held callback to the task that its signature covers', async t => {
  const { url, hub } = await startRelay(t, CONFIG)
  await post(url, { code: '200', data: { taskId: 'victim' }, task_id: 'mine' }, { headers: kieHeaders('key', 'mine', nowSeconds()) })
  t.match(await hub.replay(readOdd), [{ event: { taskId: 'mine' } }])
})

t.test('a relay that starts replays what an earlier version could not read', async t => {
  const STORE_URL = `sqlite:${join(temporaryFolder(t), 'relay.db')}`
  const before = await startRelay(t, { ...CONFIG, STORE_URL })
  await before.hub.hold({ step: 'validate', body: JSON.stringify(phraseReady('a')), reason: 'a field was not known', digest: 'x' })
  await before.hub.hold({ step: 'validate', body: '{}', reason: 'no task', digest: 'y' })
  await before.close()

  const { url, hub } = await startRelay(t, { ...CONFIG, STORE_URL })
  t.match(await (await fetch(`${url}/tasks/a`)).json(), { state: 'phrase-ready', events: { length: 1 } })
  t.match(await hub.replay(readHeld), [{ id: 2 }])
})

t.test('hub.replay() passes over what is dropped meanwhile', async t => {
  const store = memoryStore()
  const hub = createHub({ store, bus: localBus() })
  for (const digest of ['one', 'two']) await hub.hold({ step: 'validate', body: '{}', reason: 'odd', digest })
  const replayed = await hub.replay(({ id }) => {
    store.quarantine.drop(2)
    throw new Error(`not ${id}`)
  })
  t.strictSame(replayed, [{ id: 1, reason: 'not 1' }])
})

t.test('a relay starts although its quarantine cannot be read', async t => {
  const store = memoryStore()
  await store.quarantine.hold({ step: 'validate', body: JSON.stringify(phraseReady('a')), reason: 'odd', digest: 'x' })
  const broken = { ...store.quarantine, release: async () => { throw new Error('the disk is gone') } }
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(phraseRelay, { hub: createHub({ store: { ...store, quarantine: broken }, bus: localBus() }) })

  t.equal((await app.inject('/healthz')).statusCode, 200)
  t.equal((await store.quarantine.list()).length, 1)
})
