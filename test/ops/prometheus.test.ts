import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import board from '../../ops/grafana/phrase-relay.json' with { type: 'json' }
import { phraseReady, post } from '../support/callbacks.ts'
import { startAsking, startSandbox, submitTo, VALIDATE } from '../support/asking.ts'
import { FOLDER, noPrometheus, promtool, startPrometheus } from '../support/prometheus.ts'
import { skipRedis, startRedis } from '../support/redis.ts'
import { startRelay, temporaryFolder } from '../support/relay.ts'
import { watch } from '../support/sse.ts'

const POLL_MS = 100
const ALERTS = readFileSync(`${FOLDER}alerts.yml`, 'utf8')
const QUERIES = board.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
const isOfRedis = (text: string): boolean => text.includes('relay_redis_')

/** Starts a relay on a file that has submitted a step and got its outcome. Returns its URL. */
async function startUsedRelay (t: Test): Promise<string> {
  const sandbox = await startSandbox(t)
  const { url } = await startAsking(t, sandbox.url, { STORE_URL: `sqlite:${join(temporaryFolder(t), 'relay.db')}` })
  const { json: { events } } = await submitTo(`${url}/tasks`, VALIDATE)
  await (await watch(t, `${events}&until=done`)).rest()
  return url
}

async function startRedisRelay (t: Test): Promise<string> {
  const { url } = await startRelay(t, { STORE_URL: (await startRedis(t)).url })
  await post(url, phraseReady('a'))
  return url
}

async function ask (url: string): Promise<any> {
  return (await (await fetch(url)).json()).data
}

t.test('promtool finds no fault in the metrics', { skip: noPrometheus }, async t => {
  const url = await startUsedRelay(t)
  const text = await (await fetch(`${url}/metrics`)).text()
  t.strictSame(promtool(['check', 'metrics'], text), { status: 0, output: '' })
})

t.test('promtool finds no fault in the metrics of a relay on Redis', { skip: noPrometheus || skipRedis }, async t => {
  const text = await (await fetch(`${await startRedisRelay(t)}/metrics`)).text()
  t.match(text, /^relay_redis_up\{link="news"\} 1$/m)
  t.strictSame(promtool(['check', 'metrics'], text), { status: 0, output: '' })
})

t.test('promtool finds no fault in the alerts', { skip: noPrometheus }, async t => {
  t.match(promtool(['check', 'rules', 'alerts.yml']), { status: 0, output: 'SUCCESS' })
  t.match(promtool(['check', 'config', 'prometheus.yml']), { status: 0, output: 'SUCCESS' })
})

t.test('each alert fires for its cause only', { skip: noPrometheus }, async t => {
  const { status, output } = promtool(['test', 'rules', 'alerts.test.yml'])
  t.equal(status, 0, output)
})

t.test('each alert has a test, and a summary and a description', async t => {
  const names = [...ALERTS.matchAll(/- alert: (\w+)$/gm)].map(([, name]) => name)
  const tested = [...readFileSync(`${FOLDER}alerts.test.yml`, 'utf8').matchAll(/alertname="(\w+)"/g)]
  t.ok(names.length > 10)
  t.strictSame(tested.map(([, name]) => name), names)
  for (const key of ['summary', 'description']) t.equal(ALERTS.split(` ${key}: `).length, names.length + 1)
})

t.test('Prometheus, scraping relays', { skip: noPrometheus }, async t => {
  const relays = [await startUsedRelay(t), ...skipRedis ? [] : [await startRedisRelay(t)]]
  const prometheus = await startPrometheus(t, relays)
  const series = async (query: string): Promise<unknown[]> => {
    return (await ask(`${prometheus}/api/v1/query?${new URLSearchParams({ query })}`)).result
  }
  // A rate needs two scrapes.
  while ((await series('count_over_time(relay_ready[1m]) > 1')).length < relays.length) await sleep(POLL_MS)
  const { data: scraped } = await (await fetch(`${prometheus}/api/v1/label/__name__/values`)).json()

  for (const query of QUERIES) {
    await t.test(`shows a series for ${query}`, { skip: isOfRedis(query) && skipRedis }, async t => {
      const now = query.replaceAll(/\$(?:job|instance)/g, '.+').replaceAll('$__rate_interval', '1m')
      t.not((await series(now)).length, 0)
    })
  }

  await t.test('evaluates every alert, has every metric that they name, and fires none', async t => {
    let rules
    do {
      await sleep(POLL_MS)
      rules = (await ask(`${prometheus}/api/v1/rules`)).groups[0].rules
    } while (rules.some(({ health }: { health: string }) => health === 'unknown'))
    t.strictSame(rules.filter(({ health, state }: Record<string, string>) => health !== 'ok' || state === 'firing'), [])
    const named = [...ALERTS.matchAll(/\b(?:relay|process|nodejs)_\w+/g)].map(([name]) => name)
    const missing = named.filter((name) => !scraped.includes(name) && !(skipRedis && isOfRedis(name)))
    t.strictSame(missing, [])
  })
})
