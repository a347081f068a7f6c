// More callbacks than the relay can keep: node bench/overload.ts [--seconds 10] [--times 2] [--connections 6000]
// Measures how many callbacks a second it keeps, then sends more than that at fixed times, whether or not earlier ones
// were answered, and then half as many. Times count from the moment at which a callback was due.
import { randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { residentBytes } from './proc.ts'
import { startRelay } from './servers.ts'
import { printTable, quantile, short } from './table.ts'
import { callbackBody, inParallel, openPoster, type Poster } from './wire.ts'

const CLOSED_POSTERS = 64
const TICK_MS = 5
const MIB = 1024 * 1024

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    times: { type: 'string', default: '2' },
    connections: { type: 'string', default: '6000' }
  }
})
const seconds = Number(values.seconds)
let serial = 0

interface Phase {
  readonly name: string
  readonly sent: number
  /** Times to an answer 200 and to another one, in milliseconds. */
  readonly kept: number[]
  readonly refused: number[]
  /** Callbacks that were not sent, because all connections waited for an answer, or without an answer. */
  readonly failed: number
  readonly memory: number
  /** Part of the time in which the load generator was busy. Times mean little near 1. */
  readonly busy: number
}

const server = await startRelay({ env: { LOG_LEVEL: 'fatal', KEEP_ALIVE_TIMEOUT_MS: '600000' } })
const free: Poster[] = []

function send (poster: Poster): Promise<number> {
  return poster.post('/callback', callbackBody(randomUUID(), ++serial))
}

/** Sends as fast as answers come. Resolves with the callbacks that are kept a second. */
async function measureCapacity (): Promise<number> {
  const end = performance.now() + 3000
  let kept = 0
  await Promise.all(Array.from({ length: CLOSED_POSTERS }, async () => {
    const poster = openPoster(server.port)
    while (performance.now() < end) if (await send(poster) === 200) kept++
    poster.close()
  }))
  return kept / 3
}

/** Sends so many callbacks a second, at fixed times. If no connection is free, a callback waits for one. */
async function run (name: string, rate: number): Promise<Phase> {
  const phase = { name, sent: 0, kept: [] as number[], refused: [] as number[], failed: 0, memory: 0, busy: 0 }
  const due: number[] = []
  const under: Set<Promise<void>> = new Set()

  async function post (poster: Poster, since: number): Promise<void> {
    try {
      const status = await send(poster)
      const times = status === 200 ? phase.kept : phase.refused
      times.push(performance.now() - since)
    } catch {
      phase.failed++
      return
    }
    const next = due.shift()
    if (next === undefined) free.push(poster)
    else await post(poster, next)
  }

  const before = performance.eventLoopUtilization()
  const start = performance.now()
  for (let now = start; now - start < seconds * 1000; now = performance.now()) {
    for (; phase.sent < (now - start) * rate / 1000; phase.sent++) {
      const since = start + phase.sent * 1000 / rate
      const poster = free.pop()
      if (!poster) {
        due.push(since)
        continue
      }
      const work: Promise<void> = post(poster, since).finally(() => under.delete(work))
      under.add(work)
    }
    phase.memory = Math.max(phase.memory, residentBytes(server.pid))
    await sleep(TICK_MS)
  }
  phase.failed += due.splice(0).length
  await Promise.all(under)
  phase.busy = performance.eventLoopUtilization(before).utilization
  return phase
}

// The first run warms the relay up.
await measureCapacity()
const capacity = await measureCapacity()
await inParallel(Number(values.connections), CLOSED_POSTERS, async () => {
  const poster = openPoster(server.port)
  await poster.get('/healthz')
  free.push(poster)
})
const phases = [
  await run('half of it', capacity / 2),
  await run(`${values.times} times as many`, capacity * Number(values.times)),
  await run('half of it, at once after that', capacity / 2)
]
await server.stop()

process.stdout.write(`The relay keeps ${short(capacity)} callbacks a second.\n`)
const head = ['sent', 'callbacks a second', 'kept a second', 'kept, ms: p50', 'p99', 'max',
  'refused a second', 'refused, ms: p50', 'p99', 'not answered', 'memory, MiB', 'load generator busy, %']
printTable(head, phases.map(({ name, sent, kept, refused, failed, memory, busy }) => {
  const times = [quantile(kept), quantile(kept, 0.99), quantile(kept, 1)]
  const early = [quantile(refused), quantile(refused, 0.99)]
  return [name, short(sent / seconds), short(kept.length / seconds), ...times.map(short),
    short(refused.length / seconds), ...early.map(short), String(failed), short(memory / MIB), short(busy * 100)]
}))
process.exit(0)
