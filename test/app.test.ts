import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { MAX_TIMER_MS, type Config } from '../schemas/config.ts'
import { localBus } from '../src/bus/local.ts'
import { createHub, phraseRelay } from '../src/index.ts'
import { memoryStore } from '../src/store/memory/store.ts'
import type { EventStore } from '../src/store/store.ts'
import { phraseReady } from './support/callbacks.ts'
import { startRelay } from './support/relay.ts'
import { fakeTimeouts, type FakeTimeouts } from './support/timers.ts'

const HOUR_MS = 3_600_000

/** A foreign app with the relay mounted under a prefix, and its log lines. */
async function mount (t: Test, config: Partial<Config> = {}, store: EventStore = memoryStore()) {
  const lines: Array<{ level: number, msg: string }> = []
  const app = Fastify({
    logger: { level: 'info', stream: { write: (line: string) => { lines.push(JSON.parse(line)) } } }
  })
  t.teardown(() => app.close())
  app.get('/mine', async () => 'mine')
  await app.register(phraseRelay, {
    hub: createHub({ store, bus: localBus() }),
    prefix: '/relay',
    config: { DRAIN_MS: 0, ...config }
  })
  await app.ready()
  return { app, lines }
}

t.test('phraseRelay mounts its routes under the prefix, next to the routes of the app', async t => {
  const { app } = await mount(t)
  t.equal((await app.inject({ method: 'POST', url: '/relay/callback', payload: phraseReady('a') })).statusCode, 200)
  t.equal((await app.inject('/relay/tasks/a')).json().state, 'phrase-ready')
  t.equal((await app.inject('/tasks/a')).statusCode, 404)
  t.equal((await app.inject('/mine')).body, 'mine')
})

t.test('phraseRelay refuses a wrong setting, naming it', async t => {
  await t.rejects(mount(t, { DRAIN_MS: -1 }), { name: 'RangeError', message: /DRAIN_MS is -1/ })
})

/** A store whose trims run the given functions in order. */
function trimming (...trims: Array<() => Promise<number>>) {
  let ages: number[] = []
  const store: EventStore = {
    ...memoryStore(),
    trim (ageMs) {
      ages = [...ages, ageMs]
      return (trims.shift() ?? (async () => 0))()
    }
  }
  return { store, ages: () => ages }
}

/** Returns the delays of trims: polls for submissions are more frequent. */
const trimDelays = ({ delays }: FakeTimeouts): number[] => delays.filter((ms) => ms > 10_000)

const turns = (): Promise<void> => new Promise((resolve) => { setImmediate(() => setImmediate(resolve)) })

t.test('phraseRelay trims every twenty-fourth of the retention and continues after a failure', async t => {
  const timeouts = fakeTimeouts(t)
  const { store, ages } = trimming(async () => 2, () => Promise.reject(new Error('the disk is full')))
  const { lines } = await mount(t, { RETENTION_HOURS: 48 }, store)
  for (let pass = 1; pass <= 3; pass++) {
    t.strictSame(trimDelays(timeouts), [2 * HOUR_MS])
    timeouts.fire()
    await turns()
  }
  t.strictSame(ages(), [48 * HOUR_MS, 48 * HOUR_MS, 48 * HOUR_MS])
  t.strictSame(lines.map(({ level, msg }) => [level, msg]), [[30, 'trimmed'], [50, 'the disk is full']])
})

t.test('phraseRelay never trims with a retention of 0', async t => {
  const timeouts = fakeTimeouts(t)
  await mount(t, { RETENTION_HOURS: 0 })
  t.strictSame(trimDelays(timeouts), [])
})

t.test('phraseRelay waits at most the maximum delay of a timer', async t => {
  const timeouts = fakeTimeouts(t)
  await mount(t, { RETENTION_HOURS: 876_000 })
  t.strictSame(trimDelays(timeouts), [MAX_TIMER_MS])
})

t.test('phraseRelay does not trim after a close, not even after one during a trim', async t => {
  const timeouts = fakeTimeouts(t)
  const { promise, resolve } = Promise.withResolvers<number>()
  const { store, ages } = trimming(() => promise)
  const { app } = await mount(t, {}, store)
  timeouts.fire()
  await app.close()
  resolve(1)
  await turns()
  t.strictSame(timeouts.delays, [])
  t.equal(ages().length, 1)
})

t.test('phraseRelay logs nothing of a trim that a close interrupted', async t => {
  const timeouts = fakeTimeouts(t)
  const { promise, reject } = Promise.withResolvers<number>()
  const { app, lines } = await mount(t, {}, trimming(() => promise).store)
  timeouts.fire()
  await app.close()
  reject(new Error('it is closed'))
  await turns()
  t.strictSame(lines, [])
})

t.test('createRelay logs the path of a request without its query, which may contain a secret', async t => {
  const { app } = await startRelay(t)
  const log = app.log as unknown as Record<symbol, { req: (request: object) => unknown }>
  const { req } = log[Symbol.for('pino.serializers')] ?? {}
  t.strictSame(req?.({ method: 'GET', url: '/events/a?ticket=secret' }), { method: 'GET', path: '/events/a' })
})
