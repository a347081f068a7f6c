// Long replays next to live traffic: node bench/replay.ts [--readers 200] [--events 100000] [--seconds 10]
// Fast readers replay one long task. Meanwhile callbacks and health checks are sent at a steady rate, however slow the
// server is. Latency counts from the due time. Then one GET /tasks of 60 MB of data is measured.
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { sqliteStore } from '../src/index.ts'
import { fillTask } from './fill.ts'
import { residentBytes } from './proc.ts'
import { pinned, projectFile, startRelay, temporaryPath } from './servers.ts'
import { atRate, openPosters, requireOk } from './steady.ts'
import { printTable, quantile, short } from './table.ts'
import { callbackBody, type Poster } from './wire.ts'

const RATE = 50
const SETTLE_MS = 1000
const SMALL_BYTES = 100
const LARGE_EVENTS = 1000
const LARGE_BYTES = 60_000
const MIB = 1024 * 1024

const { values } = parseArgs({
  options: {
    readers: { type: 'string', default: '200' },
    events: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '10' }
  }
})
const seconds = Number(values.seconds)
let serial = 0

/** Sends requests at a steady rate. Resolves with the latency of each answer, in milliseconds. */
async function measure (port: number, request: (poster: Poster) => Promise<number>): Promise<number[]> {
  const posters = openPosters(port)
  const latencies = await atRate({ perSecond: RATE, seconds }, async (_, due) => {
    requireOk(await posters.send(request))
    return performance.now() - due
  })
  posters.close()
  return latencies
}

function measureBoth (port: number): Promise<[number[], number[]]> {
  return Promise.all([
    measure(port, (poster) => poster.post('/callback', callbackBody('other', ++serial))),
    measure(port, (poster) => poster.get('/healthz'))
  ])
}

/** Replays the long task to many readers during `work`. Resolves with the MiB that they got, and the result. */
async function withReaders<T> (port: number, work: () => Promise<T>): Promise<{ replayed: number, result: T }> {
  const command = [process.execPath, projectFile('bench/readers.ts'), String(port), values.readers]
  const [program, ...args] = pinned(1, command) as [string, ...string[]]
  const readers = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const result = await work()
  readers.stdin.end()
  return { replayed: Number(await text(readers.stdout)) / MIB, result }
}

function toRow (name: string, latencies: ReadonlyArray<readonly number[]>): string[] {
  return [name, ...latencies.flatMap((all) => [quantile(all), quantile(all, 0.99), Math.max(...all)]).map(short)]
}

const database = temporaryPath('relay.db')
const store = await sqliteStore(database)
await fillTask(store, 'long', { count: Number(values.events), length: SMALL_BYTES })
await fillTask(store, 'large', { count: LARGE_EVENTS, length: LARGE_BYTES })
await store.close()

const server = await startRelay({ database })
const quiet = await measureBoth(server.port)
const { replayed, result: loaded } = await withReaders(server.port, () => measureBoth(server.port))

await sleep(SETTLE_MS)
const before = residentBytes(server.pid)
const began = performance.now()
const response = await fetch(`http://127.0.0.1:${server.port}/tasks/large`)
const size = (await response.arrayBuffer()).byteLength
const tookMs = performance.now() - began
const grown = residentBytes(server.pid) - before
await server.stop()

process.stdout.write(`Node ${process.versions.node}; ${values.readers} readers of ${values.events} events; ` +
  `${short(replayed / seconds)} MiB/s replayed.\n`)
printTable(['latency, ms', 'quiet p50', 'p99', 'max', 'with replays p50', 'p99', 'max'], [
  toRow('POST /callback', [quiet[0], loaded[0]]),
  toRow('GET /healthz', [quiet[1], loaded[1]])
])
printTable(['GET /tasks of 1,000 events of 60 kB', 'value'], [
  ['time to the end of the answer, ms', short(tookMs)],
  ['size of the answer, MiB', short(size / MIB)],
  ['growth of the server, MiB', short(grown / MIB)]
])
process.exit(0)
