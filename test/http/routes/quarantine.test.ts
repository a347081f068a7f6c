import { join } from 'node:path'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { createAuthenticator } from '../../../src/http/guards/authenticator.ts'
import { createAuthFailures } from '../../../src/http/guards/failures.ts'
import { createUnderWay } from '../../../src/http/guards/under-way.ts'
import { createRefusalLog } from '../../../src/http/guards/refusal-log.ts'
import { callback } from '../../../src/http/routes/callback.ts'
import { createHub, localBus, memoryStore, phraseRelay, readHeld } from '../../../src/index.ts'
import { createMetrics } from '../../../src/metrics.ts'
import { startAsking, startSandbox, submitTo, VALIDATE } from '../../support/asking.ts'
import { phraseReady, post } from '../../support/callbacks.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { startRelay, temporaryFolder } from '../../support/relay.ts'
import { kieHeaders, nowSeconds } from '../../support/signing.ts'
import { watch } from '../../support/sse.ts'

const CONFIG = { CALLBACK_TOKENS: ['a-token-of-the-sender'], WEBHOOK_HMAC_KEYS: ['key'] }
const query = '?token=a-token-of-the-sender'
const ODD = { code: '200', data: { taskId: 'a' } }
const QUARANTINED = { received: true, quarantined: true }

/** Reads the bodies of these tests, as a later version would. */
const readOdd: typeof readHeld = (held) => readHeld({ ...held, body: held.body.replace('"200"', '200') })

for (const [what, body] of Object.entries({
  'without a task id': { code: 200, msg: 'success', data: {} },
  'with a field of a wrong type': ODD,
  'that is no object': [1],
  'that is null': null,
  'nested too deep': `${'['.repeat(10_000)}${']'.repeat(10_000)}`
})) {
  t.test(`callback: an authentic body ${what} is quarantined unchanged`, async t => {
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

t.test('callback: without any authentication configured an unreadable body is refused and not quarantined', async t => {
  const { url, hub } = await startRelay(t, { ALLOW_OPEN_CALLBACKS: true })
  t.match(await post(url, ODD), { status: 400, json: { code: 'CALLBACK_UNREADABLE' } })
  t.strictSame(await hub.replay(readOdd), [])
})

t.test('callback: an unreadable body without proof is refused and not quarantined', async t => {
  const { url, hub } = await startRelay(t, CONFIG)
  t.equal((await post(url, ODD)).status, 401)
  t.strictSame(await hub.replay(readOdd), [])
})

t.test('callback: a repeated unreadable delivery is quarantined once', async t => {
  const { url, hub } = await startRelay(t, CONFIG)
  const headers = kieHeaders('key', 'a')
  for (let n = 0; n < 3; n++) t.strictSame((await post(url, ODD, { headers })).json, QUARANTINED)
  t.equal((await post(url, { ...ODD, msg: 'forged' }, { headers })).status, 401)
  t.equal((await hub.replay(readHeld)).length, 1)
})

t.test('callback: the order of keys does not matter for a repeated unreadable delivery', async t => {
  const { url, hub } = await startRelay(t, CONFIG)
  const headers = kieHeaders('key', 'a')
  for (const body of [ODD, { data: ODD.data, code: ODD.code }]) {
    t.strictSame((await post(url, body, { headers })).json, QUARANTINED)
  }
  t.equal((await hub.replay(readHeld)).length, 1)
})

t.test('callback: a quarantined delivery repeated after its replay is a duplicate of its event', async t => {
  const { url, hub } = await startRelay(t, { ...CONFIG, DEDUPE_WINDOW_MS: 0 })
  const headers = kieHeaders('key', 'a')
  await post(url, ODD, { headers })
  const [replayed] = await hub.replay(readOdd)
  const { json } = await post(url, ODD, { headers })
  t.strictSame(json, { received: true, taskId: 'a', eventId: replayed?.event?.id, duplicate: true })
  t.strictSame(await hub.replay(readOdd), [])
})

t.test('callback: a full quarantine is a 503 with Retry-After', async t => {
  const { url } = await startRelay(t, { ...CONFIG, BODY_LIMIT_BYTES: 16_777_216 })
  const full = (size: number): string => `"${'x'.repeat(size - 2)}"`
  t.strictSame((await post(url, full(16_777_216), { query })).json, QUARANTINED)
  const { status, headers, json } = await post(url, '1', { query })
  t.strictSame([status, json.code, headers.get('retry-after')], [503, 'QUARANTINE_FULL', '5'])
})

/** The callback route with a reader that has a defect, and its log. */
async function withDefect (t: Test, tokens: string[]) {
  const log: Array<{ level: number, err?: { message: string, stack: string } }> = []
  const app = Fastify({ logger: { stream: { write: (line: string) => { log.push(JSON.parse(line)) } } } })
  t.teardown(() => app.close())
  const hub = createHub({ store: memoryStore(), bus: localBus() })
  const required = tokens.length > 0
  const verifyReservation = async () => undefined
  await app.register(callback, {
    hub,
    read: () => { throw new TypeError('x is not a function') },
    bodyLimit: 65_536,
    authenticator: createAuthenticator({ tokens, keys: [], windowSeconds: 300, required, verifyReservation }),
    failures: createAuthFailures(0),
    metrics: createMetrics(),
    refusals: createRefusalLog(app.log),
    underWay: createUnderWay(0),
    onAppended () {}
  })
  return { hub, log, inject: () => app.inject({ method: 'POST', url: `/callback${query}`, payload: phraseReady('a') }) }
}

t.test('callback: a defect of the reader is a 500 with its stack in the log, and the body is quarantined', async t => {
  const { hub, log, inject } = await withDefect(t, CONFIG.CALLBACK_TOKENS)
  const response = await inject()

  t.equal(response.statusCode, 500)
  t.match(response.json(), { code: 'INTERNAL' })
  const errors = log.filter(({ level }) => level === 50)
  t.match(errors, [{ err: { message: 'x is not a function', stack: / at .*quarantine\.test/ } }])
  t.equal(errors.length, 1)
  t.match(await hub.replay(readHeld), [{ id: 1, event: { taskId: 'a', event: 'phrase-ready' } }])
})

t.test('callback: a defect of the reader keeps no body of an unauthenticated sender', async t => {
  const { hub, inject } = await withDefect(t, [])
  t.equal((await inject()).statusCode, 500)
  t.equal(await hub.quarantineSize(), 0)
})

t.test('callback: a full quarantine is a 503 even if the reader has a defect, and the stack is in the log', async t => {
  const { hub, log, inject } = await withDefect(t, CONFIG.CALLBACK_TOKENS)
  await hub.hold({ step: 'validate', body: 'x'.repeat(16_777_216), reason: 'odd', digest: 'x' })

  t.match((await inject()).json(), { code: 'QUARANTINE_FULL' })
  t.match(log.filter(({ err }) => err), [{ err: { message: 'x is not a function' } }, { err: { message: /full/ } }])
})

t.test('hub.replay() publishes each readable callback once, with its time of arrival', async t => {
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
  t.match(await hub.replay(readOdd), [{ id: 2, reason: /it has no task id/ }])
})

t.test('hub.replay() replays one callback by its id', async t => {
  const { url, hub } = await startRelay(t, CONFIG)
  await post(url, ODD, { query })
  await post(url, { ...ODD, msg: 'two' }, { query })
  t.match(await hub.replay(readOdd, 2), [{ id: 2, event: { taskId: 'a', seq: 1 } }])
  t.strictSame(await hub.replay(readOdd, 7), [])
})

t.test('hub.replay() publishes to the task that the signature covers', async t => {
  const { url, hub } = await startRelay(t, CONFIG)
  const headers = kieHeaders('key', 'mine', nowSeconds())
  await post(url, { code: '200', data: { taskId: 'victim' }, task_id: 'mine' }, { headers })
  t.match(await hub.replay(readOdd), [{ event: { taskId: 'mine' } }])
})

t.test('a relay replays its quarantine at the start', async t => {
  const STORE_URL = `sqlite:${join(temporaryFolder(t), 'relay.db')}`
  const before = await startRelay(t, { ...CONFIG, STORE_URL })
  for (const [digest, body] of ['{}', JSON.stringify(phraseReady('a'))].entries()) {
    await before.hub.hold({ step: 'validate', body, reason: 'odd', digest: String(digest) })
  }
  await before.close()

  const { url, hub } = await startRelay(t, { ...CONFIG, STORE_URL })
  t.match(await (await fetch(`${url}/tasks/a`)).json(), { state: 'phrase-ready', events: { length: 1 } })
  t.match(await hub.replay(readHeld), [{ id: 1 }])
})

t.test('callback: an unreadable body under the token of a submission keeps its token', async t => {
  const sandbox = await startSandbox(t, { lose: 1 })
  const { url, hub } = await startAsking(t, sandbox.url)
  const { json: { taskId } } = await submitTo(`${url}/tasks`, VALIDATE)
  const { search } = new URL((sandbox.requests[0]?.params as { callBackUrl: string }).callBackUrl)
  const odd = (taskId: string) => ({ code: '200', data: { ...phraseReady(taskId).data, echo: search } })
  for (const id of [taskId, taskId, 'other']) {
    t.strictSame((await post(url, odd(id), { query: search, step: 'validate' })).json, QUARANTINED)
  }
  t.equal(await hub.quarantineSize(), 2)
  t.match(await hub.replay(readOdd), [
    { id: 1, event: { taskId, event: 'phrase-ready' }, settled: { step: 'validate' } },
    { id: 2, reason: /its token belongs to another task or step/ }
  ])
  t.match(await hub.submissions.of(taskId), [{ stage: 'settled' }])
  const { events } = await (await fetch(`${url}/tasks/${taskId}`)).json() as { events: object[] }
  t.match(JSON.stringify(events.at(-1)), '?token=[token]')
  t.match(await hub.erase(taskId, () => false), { callbacks: 1 })
})

t.test('hub.replay() skips a callback that is dropped during the replay', async t => {
  const store = memoryStore()
  const hub = createHub({ store, bus: localBus() })
  for (const digest of ['one', 'two']) await hub.hold({ step: 'validate', body: '{}', reason: 'odd', digest })
  const replayed = await hub.replay(({ id }) => {
    store.quarantine.drop(2)
    throw new Error(`not ${id}`)
  })
  t.strictSame(replayed, [{ id: 1, reason: 'not 1' }])
})

t.test('a relay starts even if its quarantine cannot be read', async t => {
  const store = memoryStore()
  await store.quarantine.hold({ step: 'validate', body: JSON.stringify(phraseReady('a')), reason: 'odd', digest: 'x' })
  const broken = { ...store.quarantine, release: async () => { throw new Error('the disk is gone') } }
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(phraseRelay, { hub: createHub({ store: { ...store, quarantine: broken }, bus: localBus() }) })

  t.equal((await app.inject('/healthz')).statusCode, 200)
  t.equal((await store.quarantine.list()).length, 1)
})
