import { readFileSync } from 'node:fs'
import t from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { freePort } from '../support/port.ts'
import { runtimeCommand, startProcess } from '../support/process.ts'
import { lacks, startCaddy } from '../support/proxies.ts'
import { skipRedis, startRedis } from '../support/redis.ts'
import { closeNow, startRelay, temporaryFolder } from '../support/relay.ts'
import { watch } from '../support/sse.ts'

t.test('examples: fleet/start.ts starts two relays with one history, and ends all', { skip: skipRedis }, async t => {
  const ports = await Promise.all([freePort(), freePort(), freePort()])
  const [PORT, FLEET_SECOND_PORT, FLEET_REDIS_PORT] = ports.map(String)
  const env = { PORT, FLEET_SECOND_PORT, FLEET_REDIS_PORT, FLEET_DATA: temporaryFolder(t) } as Record<string, string>
  const fleet = await startProcess(t, env, runtimeCommand('examples/fleet/start.ts'))
  await fleet.printed(new RegExp(`:${FLEET_SECOND_PORT} .*listening`))
  const stream = await watch(t, `http://127.0.0.1:${FLEET_SECOND_PORT}/events/a`)
  await stream.next()
  const { json } = await post(fleet.url, phraseReady('a'))
  t.match(await stream.next(), { id: json.eventId })
  t.equal(await fleet.kill(), 0)
})

const isDeno = 'Deno' in globalThis
const skip = skipRedis || lacks('caddy', 'version') || (isDeno && 'Caddy tests the file once, on Node')

t.test('examples: fleet/Caddyfile sends requests to relays that are ready', { skip }, async t => {
  const redis = await startRedis(t)
  const [a, b] = await Promise.all([1, 2].map(() => startRelay(t, { STORE_URL: redis.url })))
  const site = `http://127.0.0.1:${await freePort()}`
  const addresses = [a, b].map((relay) => new URL(relay!.url).host)
  const caddyfile = readFileSync('examples/fleet/Caddyfile', 'utf8')
    .replace('{$SITE_ADDRESS}', site)
    .replace('relay-1:3000', addresses[0]!)
    .replace('relay-2:3000', addresses[1]!)
  await startCaddy(t, caddyfile)

  const streams = await Promise.all(['a', 'b', 'c', 'd'].map(async (taskId) => {
    const stream = await watch(t, `${site}/events/${taskId}`)
    await stream.next()
    return { taskId, stream }
  }))
  for (const { taskId, stream } of streams) {
    const { json } = await post(site, phraseReady(taskId))
    t.match(await stream.next(), { id: json.eventId })
  }
  await closeNow(a!.app)
  for (const taskId of ['e', 'f', 'g', 'h']) {
    let status = 0
    while (status !== 200) ({ status } = await post(site, phraseReady(taskId)))
    t.equal(await (await fetch(`${b!.url}/tasks/${taskId}`)).json().then(({ state }) => state), 'phrase-ready')
  }
  t.equal((await fetch(`${site}/metrics`)).status, 404)
})
