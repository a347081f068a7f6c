import t from 'tap'
import { backup } from '../src/cli/backup.ts'
import { erase } from '../src/cli/erase.ts'
import { quarantine } from '../src/cli/quarantine.ts'
import { draft, readAll } from '../src/conformance/drafts.ts'
import { completeConfig } from '../src/config.ts'
import { openHistory } from '../src/storage.ts'
import { skipRedis, startRedis, type Lifetime } from './support/redis.ts'

/** Opens the history of a URL. It is closed with the test. */
async function open (t: Lifetime, STORE_URL: string, warnings: string[] = []) {
  const history = await openHistory(completeConfig({ STORE_URL }), { warn: (message) => { warnings.push(message) } })
  t.teardown(async () => {
    await history.bus.close()
    await history.store.close()
  })
  return history
}

t.test('openHistory() opens a store of one process', async t => {
  const { store, bus, resyncMs } = await open(t, 'memory:')
  const { event } = await store.append('a', draft('one'))
  t.strictSame(await readAll(store, 'a'), [event])
  t.ok(bus)
  t.equal(resyncMs, undefined)
})

if (skipRedis) t.comment(skipRedis)
else {
  const redis = await startRedis(t, { config: { appendonly: 'no' } })

  t.test('openHistory() opens a store in Redis, and warns if it writes no file', async t => {
    const warnings: string[] = []
    const [a, b] = [await open(t, redis.url, warnings), await open(t, redis.url)]
    const { event } = await a.store.append('a', draft('one'))
    t.strictSame(await readAll(b.store, 'a'), [event])
    t.strictSame([a.store.publishes, a.resyncMs], [true, 20_000])
    t.match(warnings, [/expected appendonly yes/])
  })

  t.test('openHistory() refuses keys of a newer version', async t => {
    await redis.command('SET', '{relay}:format', '2')
    t.teardown(() => redis.command('SET', '{relay}:format', '1'))
    await t.rejects(open(t, redis.url), { code: 'STORE_UNAVAILABLE', message: /format 2/ })
  })

  t.test('the commands quarantine and erase work on a store in Redis', async t => {
    const { store } = await open(t, redis.url)
    await store.append('b', draft('two'))
    const body = JSON.stringify({ code: 200, data: { taskId: 'b' } })
    await store.quarantine.hold({ step: 'validate', body, reason: 'it is odd', digest: 'b' })
    const env = { STORE_URL: redis.url }
    t.match(await quarantine(['list'], env), /^1\t.*\tvalidate\t\d+\tit is odd\n$/)
    t.equal(await erase(['b'], env), 'b\t1 events\t1 callbacks in quarantine\n')
    t.strictSame(await readAll(store, 'b'), [])
    t.equal(await quarantine(['list'], env), '')
  })

  t.test('the command backup refuses a store in Redis and prints no secret', async t => {
    const fact = "STORE_URL is a Redis, which is no file, expected the server's"
    const message = `Cannot open the store: ${fact}`
    await t.rejects(backup(['copy.db'], { STORE_URL: 'redis://me:secret@host' }), { name: 'RangeError', message })
  })
}
