import t, { type Test } from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { runCommand, runtimeCommand, startProcess } from '../support/process.ts'
import { skipRedis, startRedis, type RedisOptions } from '../support/redis.ts'
import { watch } from '../support/sse.ts'

const skip = skipRedis

/** Two relays on one Redis. */
async function startFleet (t: Test, options: RedisOptions = {}, env: Record<string, string> = {}) {
  const redis = await startRedis(t, options)
  const settings = { STORE_URL: redis.url, ...env }
  const [a, b] = await Promise.all([startProcess(t, settings), startProcess(t, settings)])
  return { redis, a, b }
}

t.test('two relays on one Redis share their history, and both send its news', { skip }, async t => {
  const { a, b } = await startFleet(t)
  const stream = await watch(t, `${b.url}/events/a`)
  await stream.next()
  const { json } = await post(a.url, phraseReady('a'))
  t.match(await stream.next(), { id: json.eventId, event: 'phrase-ready' })
  t.match((await post(b.url, phraseReady('a'))).json, { duplicate: true, eventId: json.eventId })
  for (const { url } of [a, b]) t.equal((await (await fetch(`${url}/tasks/a`)).json()).lastEventId, json.eventId)
})

t.test('streams outlive a Redis that is down; posts and /readyz are 503 meanwhile', { skip }, async t => {
  const { redis, a, b } = await startFleet(t, {}, { REDIS_TIMEOUT_MS: '3000' })
  const stream = await watch(t, `${b.url}/events/a`)
  await stream.next()
  await redis.kill()
  for (const response of [await fetch(`${a.url}/readyz`), await post(a.url, phraseReady('a'))]) {
    t.equal(response.status, 503)
  }
  t.equal((await fetch(`${a.url}/readyz`)).headers.get('retry-after'), '5')
  await a.printed(/"msg":"Redis lost"/)
  t.match(await (await fetch(`${a.url}/metrics`)).text(), /^relay_redis_up\{link="write"\} 0$/m)

  await redis.start()
  let status = 0
  while (status !== 200) ({ status } = await post(a.url, phraseReady('a')))
  t.match(await stream.next(), { event: 'phrase-ready' })
  t.equal((await fetch(`${a.url}/readyz`)).status, 200)
  const metrics = await (await fetch(`${a.url}/metrics`)).text()
  t.match(metrics, /^relay_redis_up\{link="write"\} 1$/m)
  t.match(metrics, /^relay_redis_forks_total 1$/m)
  await a.printed(/"msg":"Redis restarted or failed over/)
})

t.test('the secrets of STORE_URL are never printed', { skip }, async t => {
  const redis = await startRedis(t, { config: { requirepass: 'pass-of-redis' }, cli: ['-a', 'pass-of-redis'] })
  const STORE_URL = `redis://:pass-of-redis@127.0.0.1:${redis.port}`
  const relay = await startProcess(t, { STORE_URL, REDIS_TIMEOUT_MS: '3000', LOG_LEVEL: 'trace' })
  await redis.kill()
  const { status, json } = await post(relay.url, phraseReady('a', 'a secret phrase'))
  t.equal(status, 503)
  const pages = ['/', '/metrics', '/readyz']
  const shown = await Promise.all(pages.map(async (path) => (await fetch(relay.url + path)).text()))
  for (const text of [JSON.stringify(json), ...shown, relay.output()]) {
    t.notMatch(text, /pass-of-redis|a secret phrase/)
  }
})

for (const [password, problem] of [['', /NOAUTH/], ['wrong-password', /WRONGPASS/]] as const) {
  t.test(`a start with the password ${JSON.stringify(password)} says the cause in one line`, { skip }, async t => {
    const redis = await startRedis(t, { config: { requirepass: 'pass-of-redis' } })
    const STORE_URL = `redis://${password && `:${password}@`}127.0.0.1:${redis.port}`
    const run = await runCommand(t, runtimeCommand('src/bin.js'), { STORE_URL, REDIS_TIMEOUT_MS: '3000' })
    t.match(run, { code: 1, output: problem })
    t.notMatch(run.output, /wrong-password/)
  })
}

t.test('a start on a Redis that evicts is refused, with the cure', { skip }, async t => {
  const { url } = await startRedis(t, { config: { 'maxmemory-policy': 'allkeys-lru' } })
  const run = await runCommand(t, runtimeCommand('src/bin.js'), { STORE_URL: url })
  t.match(run, { code: 1, output: /CONFIG SET maxmemory-policy noeviction/ })
})
