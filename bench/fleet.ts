// Figures of relays on one Redis: node bench/fleet.ts [--rounds 5] [--watchers 10000] [--seconds 5]
// CPU of the whole way of an event, on SQLite and on Redis in turns; time from node A to a stream of node B at 200
// events a second; watchers that are subscribed again after their connection was cut; bytes in Redis.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { redisBus, RESYNC_MS } from '../src/bus/redis.ts'
import { createHub, type EventStore } from '../src/index.ts'
import { redisConnections, type RedisObserver } from '../src/redis/connections.ts'
import { redisStore } from '../src/store/redis/store.ts'
import { startRedis, type TestRedis } from '../test/support/redis.ts'
import type { Measured } from './load.ts'
import { cpuUs } from './proc.ts'
import { load, type Suite } from './run-load.ts'
import { startRelay, type Server } from './servers.ts'
import { printTable, quantile, short } from './table.ts'
import { callbackBody, inParallel, markOf, openPoster, openStream, streamRequest } from './wire.ts'

const FAN_IN: Suite = { suite: 'fan-in', streams: 200, messages: 4000, warmup: 2000, posters: 32 }
const RATE_MS = 5
const STREAMS = 50
const AT_ONCE = 64
const TASKS = 5000
const COMPARISONS = 10
const DATA = JSON.stringify('x'.repeat(298))

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    watchers: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '5' }
  }
})
const cleanups: Array<() => unknown> = []
const redis = await startRedis({ teardown: (clean) => cleanups.unshift(clean) })
const startNode = (): Promise<Server> => startRelay({ env: { STORE_URL: redis.url } })

/** Opens a store and a bus in this process. */
async function openNode (prefix: string, observer: RedisObserver = {}) {
  const address = { places: [{ host: '127.0.0.1', port: redis.port }] }
  const connections = redisConnections({ address, prefix, observer })
  return { store: await redisStore(connections), bus: redisBus(connections) }
}

/** Ratio of the CPU of a relay for an event, from the callback to a stream, and that of Redis. */
async function measureCpu (): Promise<string[][]> {
  const [sqlite, node] = [await startRelay(), await startNode()]
  const runs: Array<{ sqlite: Measured, node: Measured, redisUs: number }> = []
  for (let n = 0; n < Number(values.rounds); n++) {
    const onSqlite = await load(sqlite, FAN_IN)
    const before = cpuUs(redis.pid)
    const onNode = await load(node, FAN_IN)
    const redisUs = (cpuUs(redis.pid) - before) / (FAN_IN.messages + FAN_IN.warmup)
    runs.push({ sqlite: onSqlite, node: onNode, redisUs })
  }
  await Promise.all([sqlite.stop(), node.stop()])
  const ratios = runs.map((run) => run.node.eventCpuUs / run.sqlite.eventCpuUs)
  return [
    ['relay on SQLite, CPU an event', `${short(quantile(runs.map((run) => run.sqlite.eventCpuUs)))} µs`],
    ['relay on Redis, CPU an event', `${short(quantile(runs.map((run) => run.node.eventCpuUs)))} µs`],
    ['ratio within a round, median', short(quantile(ratios))],
    ['Redis, CPU an event', `${short(quantile(runs.map(({ redisUs }) => redisUs)))} µs`]
  ]
}

/** Time from a callback to node A to the frame of a stream of node B. */
async function measureLatency (): Promise<string[][]> {
  const [a, b] = [await startNode(), await startNode()]
  const sent = new Map<number, number>()
  const times: number[] = []
  await inParallel(STREAMS, AT_ONCE, (stream) => new Promise((resolve) => {
    function onFrame (frame: string): void {
      const mark = markOf(frame)
      if (mark === undefined) resolve()
      else times.push(performance.now() - (sent.get(mark) as number))
    }
    openStream({ port: b.port, client: stream, request: streamRequest(`latency-${stream}`), onFrame })
  }))
  const posters = Array.from({ length: AT_ONCE }, () => openPoster(a.port))
  const count = Number(values.seconds) * 1000 / RATE_MS
  const start = performance.now()
  for (let mark = 0; mark < count; mark++) {
    await sleep(Math.max(0, start + mark * RATE_MS - performance.now()))
    sent.set(mark, performance.now())
    const taskId = `latency-${mark % STREAMS}`
    posters[mark % AT_ONCE]!.post('/callback', callbackBody(taskId, mark)).catch(() => {})
  }
  const rate = count / (performance.now() - start) * 1000
  await sleep(1000)
  await Promise.all([a.stop(), b.stop()])
  return [
    [`node A to a stream of node B at ${short(rate)}/s, p50`, `${short(quantile(times))} ms`],
    ['p99', `${short(quantile(times, 0.99))} ms`],
    ['events that arrived', `${times.length} of ${count}`]
  ]
}

/** Time until all tasks are subscribed again, and compared with the store. */
async function measureCut (): Promise<string[][]> {
  const count = Number(values.watchers)
  let onMissed = (): void => {}
  let onCompared = (): void => {}
  const { store, bus } = await openNode('cut', { missed: () => { onMissed() } })
  let newest: ReadonlyMap<string, string> = new Map()
  const moved: EventStore['moved'] = async (given) => {
    newest = new Map(given)
    const answer = await store.moved(given)
    onCompared()
    return answer
  }
  const hub = createHub({ store: withMoved(store, moved), bus, resyncMs: RESYNC_MS })
  const receiver = { deliver: () => true, onLost: () => {} }
  const before = await usedMemory()
  const opening = cpuUs(redis.pid)
  await inParallel(count, AT_ONCE, async (n) => {
    const { follower } = await hub.follow(`cut-${n}`, {}, receiver)
    follower.resume()
  })
  const openUs = (cpuUs(redis.pid) - opening) / count
  const bytes = (await usedMemory() - before) / count
  const cpu = process.cpuUsage()
  const start = performance.now()
  const subscribed = new Promise<number>((resolve) => { onMissed = () => { resolve(performance.now() - start) } })
  const compared = new Promise<number>((resolve) => { onCompared = () => { resolve(performance.now() - start) } })
  await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
  const times = [await subscribed, await compared] as const
  const { user, system } = process.cpuUsage(cpu)
  const comparing = cpuUs(redis.pid)
  for (let n = 0; n < COMPARISONS; n++) await store.moved(newest)
  const compareUs = (cpuUs(redis.pid) - comparing) / count / COMPARISONS
  await hub.close()
  return [
    [`${short(count)} tasks subscribed again after a cut`, `${short(times[0])} ms`],
    ['and compared with the store', `${short(times[1])} ms`],
    ['CPU of the relay for each', `${short((user + system) / count)} µs`],
    ['bytes of a subscription in Redis', short(bytes)],
    ['CPU of Redis for a watcher that comes', `${short(openUs)} µs`],
    ['CPU of Redis for a task that is compared', `${short(compareUs)} µs`]
  ]
}

/** Returns the store with another `moved()`; its getters stay. */
function withMoved (store: EventStore, moved: EventStore['moved']): EventStore {
  return Object.create(store, { moved: { value: moved } }) as EventStore
}

/** Bytes of tasks, from the memory that Redis has given out. */
async function measureBytes (): Promise<string[][]> {
  const { store } = await openNode('bytes')
  const used = [await usedMemory()]
  for (let seq = 1; seq <= 3; seq++) {
    await inParallel(TASKS, AT_ONCE, async (n) => {
      await store.append(`0123456789abcdef01234567${n}`, { event: 'task-update', data: DATA, digest: `digest ${seq}` })
    })
    used.push(await usedMemory())
  }
  await store.close()
  const [first, , third] = used.slice(1).map((bytes, i) => (bytes - used[i]!) / TASKS)
  return [
    ['bytes of a task with one 300-byte event', short(first)],
    ['bytes of each further event', short(third)]
  ]
}

async function usedMemory (): Promise<number> {
  return Number(await (redis as TestRedis).info('used_memory'))
}

const rows: string[][] = []
for (const measure of [measureBytes, measureCut, measureLatency, measureCpu]) {
  for (const row of await measure()) {
    rows.push(row)
    process.stderr.write(`${row.join(': ')}\n`)
  }
}
printTable(['figure', `Redis ${await redis.info('redis_version')}, Node ${process.versions.node}`], rows)
for (const clean of cleanups) await clean()
process.exit(0)
