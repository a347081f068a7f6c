import t, { type Test } from 'tap'
import type { Status } from '../../schemas/admin.ts'
import { erase } from '../../src/cli/erase.ts'
import { quarantine } from '../../src/cli/quarantine.ts'
import { status } from '../../src/cli/status.ts'
import { task, tasks } from '../../src/cli/tasks.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { startProcess } from '../support/process.ts'
import { skipRedis, startRedis, until } from '../support/redis.ts'
import { startRelay } from '../support/relay.ts'
import { watch } from '../support/sse.ts'

const TOKEN = 't'.repeat(32)
const SENDER = 'a-token-of-the-sender'
const query = `?token=${SENDER}`

/** Starts a Redis and two relays, one of them in a process of its own. */
async function startFleet (t: Test) {
  const redis = await startRedis(t)
  const other = await startProcess(t, { STORE_URL: redis.url, ADMIN_TOKEN: TOKEN, CALLBACK_TOKENS: SENDER })
  const config = { STORE_URL: redis.url, ADMIN_TOKEN: TOKEN, CALLBACK_TOKENS: [SENDER], REDIS_TIMEOUT_MS: 500 }
  const { url } = await startRelay(t, config)
  const env = { STORE_URL: redis.url, ADMIN_TOKEN: TOKEN, PORT: new URL(url).port }
  async function ask (path: string, relay = url): Promise<any> {
    return (await fetch(`${relay}/admin/api/${path}`, { headers: { authorization: `Bearer ${TOKEN}` } })).json()
  }
  return { redis, url, other, env, ask }
}

t.test('fleet: each relay lists both, and the tasks and the quarantine of both', { skip: skipRedis }, async t => {
  const { url, other, ask } = await startFleet(t)
  const stream = await watch(t, `${other.url}/events/a`)
  await stream.next()
  await post(url, phraseReady('a'), { query })
  await post(other.url, phraseReady('b'), { query })
  await post(other.url, '{"code":200}', { query })
  await until(async () => (await ask('status')).nodes.some(({ streams }: { streams: number }) => streams === 1))

  for (const relay of [url, other.url]) {
    const { node, nodes, store }: Status = await ask('status', relay)
    t.equal(nodes?.length, 2)
    const { name, streams, startedAt } = node
    t.match(nodes?.filter(({ isOwn }) => isOwn), [{ name, streams, startedAt }])
    t.equal(nodes?.every(({ ageMs }) => ageMs < 15_000), true)
    t.match(store, { expected: 0, overdue: 0, quarantined: 1 })
    t.ok(Number(store.bytes) > 100_000)
    const { tasks } = await ask('tasks', relay)
    t.strictSame(tasks.map(({ taskId }: { taskId: string }) => taskId), ['b', 'a'])
    t.equal((await ask('quarantine', relay)).callbacks.length, 1)
  }
})

t.test('fleet: a relay that has ended leaves the list', { skip: skipRedis }, async t => {
  const { redis, other, ask } = await startFleet(t)
  await until(async () => (await ask('status')).nodes.length === 2)
  await other.kill('SIGKILL')
  // Field, time and text of each node. As if the other had ended 15 seconds ago.
  const lines = (await redis.command('HGETALL', '{relay}:nodes')).split('\n')
  const at = lines.findIndex((line) => line.includes(`:${other.child.pid}"`))
  const [field = '', time = '', text = ''] = lines.slice(at - 2)
  await redis.command('HSET', '{relay}:nodes', field, `${Number(time) - 15_000}\n${text}`)
  t.equal((await ask('status')).nodes.length, 1)
  t.equal(await redis.command('HLEN', '{relay}:nodes'), '1')
})

t.test('fleet: an announcement of another form or time hides no other node', { skip: skipRedis }, async t => {
  const { redis, ask } = await startFleet(t)
  await until(async () => (await ask('status')).nodes.length === 2)
  const name = { name: 'b', version: '9', runtime: 'r', startedAt: '2026-01-01T00:00:00.000Z', streams: 0 }
  const foreign = {
    garbage: 'no time',
    text: `${Date.now()}\nno JSON`,
    fields: `${Date.now()}\n{"name":"a"}`,
    // Written before a failover to a primary whose clock is an hour behind.
    ahead: `${Date.now() + 3_600_000}\n${JSON.stringify(name)}`
  }
  await redis.command('HSET', '{relay}:nodes', ...Object.entries(foreign).flat())
  t.equal((await ask('status')).nodes.length, 2)
  t.notMatch(await redis.command('HGETALL', '{relay}:nodes'), /garbage|ahead/)
})

t.test('fleet: while Redis is away, the status says so and has the node', { skip: skipRedis }, async t => {
  const { redis, url, ask } = await startFleet(t)
  await post(url, phraseReady('a'), { query })
  await redis.kill()
  await until(async () => !(await ask('status')).ready)
  const { reason, node, nodes, store }: Status = await ask('status')
  t.match(reason, /^Cannot use Redis/)
  t.match([nodes, node.callbacks], [[], { kept: 1 }])
  t.strictSame(store, { bytes: null, quarantined: null, expected: null, overdue: null })
  t.match(await ask('tasks'), { status: 503, code: 'STORE_UNAVAILABLE' })
})

t.test('fleet: the commands ask a relay or the Redis itself', { skip: skipRedis }, async t => {
  const { url, other, env, ask } = await startFleet(t)
  await post(other.url, phraseReady('a'), { query })
  await post(url, '{"code":200}', { query })
  await until(async () => (await ask('status')).nodes.length === 2)
  const facts = ', running for .+, version .+, 0 streams, heard \\d+s ago'
  const line = new RegExp(`^other node +.+:${other.child.pid}, .+${facts}$`, 'm')
  t.match(await status([], env), line)
  t.match(await status(['--store'], env), line)
  for (const source of [[], ['--store']]) {
    t.match(await tasks(source, env), /^a +phrase-ready +regenerate/m)
    t.match(await task(['a', ...source], env), /phrase-ready +regenerate +wait_validating/)
  }
  t.match(await quarantine(['list'], env), /^1\t.*\tregenerate\t/m)
  t.match(await quarantine(['drop', '1'], env), '1')
  t.match(await erase(['a'], env), /1 event/)
  t.match(await ask('tasks/a', other.url), { code: 'TASK_EXPIRED' })
  t.equal((await ask('status')).store.quarantined, 0)
})
