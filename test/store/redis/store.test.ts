import { once } from 'node:events'
import t from 'tap'
import { draft, drafts } from '../../../src/conformance/drafts.ts'
import type { RedisObserver } from '../../../src/redis/connections.ts'
import { parseRedisUrl } from '../../../src/redis/address.ts'
import { redisConnections } from '../../../src/redis/connections.ts'
import { redisStore, type RedisStoreOptions } from '../../../src/store/redis/store.ts'
import { startRedis, skipRedis, until, type Lifetime } from '../../support/redis.ts'
import { DEBUG_CONFIG, randomPrefix } from '../../support/redis-history.ts'

const UNAVAILABLE = { code: 'STORE_UNAVAILABLE' }

if (skipRedis) t.plan(0, skipRedis)
else {
  const server = await startRedis(t, { config: DEBUG_CONFIG })

  /** Opens a store; `url` is another server's. */
  async function open (t: Lifetime, options: RedisStoreOptions & {
    prefix?: string, url?: string, timeoutMs?: number, observer?: RedisObserver
  } = {}) {
    const { prefix = randomPrefix(), url = server.url, timeoutMs = 20_000, observer } = options
    const connections = redisConnections({ address: parseRedisUrl(url), prefix, timeoutMs, observer })
    const store = await redisStore(connections, options)
    t.teardown(() => store.close())
    return { store, prefix, key: (name: string) => `{${prefix}}:${name}` }
  }

  t.test('append() takes the time of Redis, whatever the clock of the node is', async t => {
    const { store, key } = await open(t)
    await store.append('a', draft('one'))
    const at = Number(await server.command('HGET', key('t:a'), 'at'))
    const [seconds = 0] = (await server.command('TIME')).split('\n').map(Number)
    t.equal(Math.abs(seconds * 1000 - at) < 60_000, true)
  })

  t.test('append() goes on after SCRIPT FLUSH', async t => {
    const { store } = await open(t)
    await store.append('a', draft('one'))
    await server.command('SCRIPT', 'FLUSH')
    const appended = await Promise.all(drafts(3).map((one) => store.append('a', one)))
    t.strictSame(appended.map(({ event }) => event.seq), [2, 3, 4])
    await server.command('SCRIPT', 'FLUSH')
    t.equal((await store.extent('a')).last, 4)
  })

  t.test('append() begins another life after FLUSHALL', async t => {
    const server = await startRedis(t)
    const forks: string[] = []
    const observer = { forked: (epoch: string) => { forks.push(epoch) } }
    const { store } = await open(t, { url: server.url, observer })
    const { event: before } = await store.append('a', draft('one'))
    await server.command('FLUSHALL')
    const { event: after } = await store.append('a', draft('two'))
    t.strictSame([after.seq, after.id === before.id], [1, false])
    t.equal(await store.read('a', before.id, 10), undefined)
    t.strictSame(forks, [store.epoch])
    t.equal(after.id, `${store.epoch}.1`)
  })

  t.test('append() keeps its history over a restart, and loses no id', async t => {
    const server = await startRedis(t, { config: { appendfsync: 'always' } })
    const { store } = await open(t, { url: server.url })
    const { event: one } = await store.append('a', draft('one'))
    await server.restart()
    const { event: two } = await store.append('a', draft('two'))
    t.strictSame([two.seq, one.id.split('.')[0] === two.id.split('.')[0]], [2, false])
    t.strictSame(await store.read('a', one.id, 10), [two])
  })

  t.test('append() rejects what a full memory refuses, and reads go on', async t => {
    const { url, command } = await startRedis(t)
    const { store } = await open(t, { url })
    const { event } = await store.append('a', draft('one'))
    await command('CONFIG', 'SET', 'maxmemory', '1')
    await t.rejects(store.append('a', draft('two')), { ...UNAVAILABLE, message: /OOM/ })
    t.strictSame(await store.read('a', undefined, 10), [event])
    t.equal((await store.moved(new Map([['a', 'other.1']]))).size, 1)
    await command('CONFIG', 'SET', 'maxmemory', '0')
    t.equal((await store.append('a', draft('two'))).event.seq, 2)
  })

  t.test('append() waits for replicas, and rejects when they have not got the event', async t => {
    const [primary, replica] = [await startRedis(t), await startRedis(t)]
    await replica.replicaOf(primary.port)
    const short: number[] = []
    const observer = { waitedShort: (replicas: number) => { short.push(replicas) } }
    const { store } = await open(t, { url: primary.url, waitReplicas: 1, timeoutMs: 5000, observer })
    const { event } = await store.append('a', draft('one'))
    replica.freeze()
    t.teardown(replica.thaw)
    await t.rejects(store.append('a', draft('two')), { ...UNAVAILABLE, message: /0 of 1 replicas/ })
    await t.rejects(store.append('a', draft('two')), UNAVAILABLE, 'a duplicate waits, too')
    t.equal(short.length, 2)
    await t.rejects(store.check(), UNAVAILABLE)
    replica.thaw()
    const { event: two, duplicate } = await store.append('a', draft('two'))
    t.strictSame([two.seq, duplicate], [2, true])
    t.strictSame(await store.read('a', event.id, 10), [two])
  })

  t.test('append() names WAITAOF when the server does not know it', async t => {
    const { store } = await open(t, { waitFsync: true })
    const old = (await server.info('redis_version'))?.startsWith('7.0.')
    if (old) await t.rejects(store.append('a', draft('one')), { ...UNAVAILABLE, message: /unknown command.*WAITAOF/i })
    else t.equal((await store.append('a', draft('one'))).event.seq, 1)
  })

  t.test('append() goes to the new primary when the old one refuses the group', async t => {
    const [old, primary] = [await startRedis(t), await startRedis(t)]
    const url = `redis://127.0.0.1:${old.port},127.0.0.1:${primary.port}`
    const { store } = await open(t, { url })
    await store.append('a', draft('one'))
    await primary.replicaOf(old.port)
    await until(async () => await primary.info('master_link_status') === 'up')
    await primary.replicaOf(undefined)
    await old.replicaOf(primary.port)
    const appended = await Promise.all(drafts(3).map((one) => store.append('a', one)))
    t.strictSame(appended.map(({ event }) => event.seq), [2, 3, 4])
  })

  t.test('trim() keeps a task that another node follows', async t => {
    let time = 5000
    const { store, prefix } = await open(t, { now: () => time })
    const { store: other } = await open(t, { prefix, now: () => time })
    const { event } = await store.append('a', draft('one'))
    await store.append('b', draft('one'))
    await other.moved(new Map([['a', event.id]]))
    time += 1000
    t.equal(await store.trim(1000, () => false), 1)
    t.strictSame(await store.read('a', undefined, 10), [event])
  })

  t.test('trim() goes on past a step of tasks that are followed', async t => {
    let time = 5000
    const { store } = await open(t, { now: () => time })
    await Promise.all(drafts(250).map((one, i) => store.append(`${i}`, one)))
    time += 1000
    t.equal(await store.trim(1000, (taskId) => Number(taskId) < 220), 30)
    t.equal(await store.trim(1000, () => false), 220)
    time += 30_000
    await store.trim(1000, () => false)
    t.equal((await store.extent('1')).last, 0)
  })

  t.test('moved() takes the id before the first event for known, whatever the fork', async t => {
    const { store } = await open(t)
    const id = `${store.epoch}.0`
    await server.command('DEBUG', 'CHANGE-REPL-ID')
    t.strictSame(await store.moved(new Map([['a', id]])), new Map())
    t.equal((await store.moved(new Map([['a', 'other-life.0']]))).size, 1)
    await store.append('a', draft('one'))
    t.equal((await store.moved(new Map([['a', id]]))).size, 1)
  })

  t.test('erase() publishes, so that the followers of other nodes look', async t => {
    const { store, prefix } = await open(t)
    const { event } = await store.append('a', draft('one'))
    const listener = redisConnections({ address: parseRedisUrl(server.url), prefix })
    t.teardown(() => { listener.close() })
    const events = new EventTarget()
    const link = listener.link('news', async (client) => {
      client.on('smessage', () => { events.dispatchEvent(new Event('news')) })
      await client.ssubscribe(`{${prefix}}:n:a`)
    })
    await link.use(async () => {})
    const heard = once(events, 'news')
    await store.erase('a', [])
    await heard
    t.equal(await store.read('a', event.id, 10), undefined)
  })

  t.test('a history of a newer version is refused', async t => {
    const { store, prefix, key } = await open(t)
    await store.append('a', draft('one'))
    await server.command('SET', key('format'), '2')
    await t.rejects(open(t, { prefix, timeoutMs: 300 }), { ...UNAVAILABLE, message: /its format is 2, expected 1/ })
  })

  t.test('an open without a server rejects and leaves nothing behind', async t => {
    const down = await startRedis(t)
    await down.kill()
    await t.rejects(open(t, { url: down.url, timeoutMs: 100 }), UNAVAILABLE)
  })

  t.test('two nodes that change the same submission again and again both succeed', async t => {
    const { store, prefix } = await open(t, { now: () => 5000 })
    const { store: other } = await open(t, { prefix, now: () => 5000 })
    await store.submissions.reserve({ id: 'r', step: 'validate' }, { askAfterMs: 0, giveUpMs: 100_000 })
    await store.submissions.expect('r', 'a')
    const claim = { leaseMs: 0, maxQuestions: 1000, maxCalls: 1000, windowMs: 60_000 }
    for (let n = 0; n < 5; n++) await Promise.all([store, other].map(({ submissions }) => submissions.claim(claim)))
    const [submission] = await store.submissions.of('a')
    t.equal(submission?.asked, 10)
  })
}
