// Long replays next to live traffic: node bench/replay.ts [--readers 200] [--events 100000] [--seconds 10]
// Fast readers replay one long task again and again. Meanwhile callbacks and health checks are sent at a steady rate,
// each kind over a connection of its own; a late one counts from its due time. Then one GET /tasks of 60 MB is measured.
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { readCallback, sqliteStore, type EventStore } from '../src/index.ts'
import { residentBytes } from './proc.ts'
import { pinned, projectFile, startRelay, temporaryPath } from './servers.ts'
import { printTable, quantile, short } from './table.ts'
import { callbackBody, openPoster, type Poster } from './wire.ts'

const GROUP = 512
const PERIOD_MS = 20
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
let serial = 0

/** Appends events whose message has a given length. */
async function fill (store: EventStore, taskId: string, count: number, length: number): Promise<void> {
  const { draft } = readCallback('regenerate', { code: 200, taskId, msg: 'x'.repeat(length) }, { receivedAt: new Date() })
  for (let done = 0; done < count; done += GROUP) {
    const digests = Array.from({ length: Math.min(GROUP, count - done) }, () => String(++serial))
    await Promise.all(digests.map((digest) => store.append(taskId, { ...draft, digest })))
  }
}

/** Sends requests at a steady rate for a time; resolves with the latency of each answer, in milliseconds. */
async function measure (send: () => Promise<number>, ms: number): Promise<number[]> {
  const latencies: number[] = []
  const began = performance.now()
  for (let due = began; due < began + ms; due += PERIOD_MS) {
    await sleep(Math.max(0, due - performance.now()))
    const status = await send()
    if (status !== 200) throw new Error(`Cannot go on: a request was answered ${status}, expected 200`)
    latencies.push(performance.now() - due)
  }
  return latencies
}

function toRow (name: string, quiet: readonly number[], loaded: readonly number[]): string[] {
  const figures = [quiet, loaded].flatMap((all) => [quantile(all), quantile(all, 0.99), Math.max(...all)])
  return [name, ...figures.map(short)]
}

const database = temporaryPath('relay.db')
const store = await sqliteStore(database)
await fill(store, 'long', Number(values.events), SMALL_BYTES)
await fill(store, 'large', LARGE_EVENTS, LARGE_BYTES)
await store.close()

const server = await startRelay({ database })
const [callbacks, checks] = [openPoster(server.port), openPoster(server.port)] as [Poster, Poster]
const ms = Number(values.seconds) * 1000
const both = () => Promise.all([
  measure(() => callbacks.post('/callback', callbackBody('other', ++serial)), ms),
  measure(() => checks.get('/healthz'), ms)
])

const quiet = await both()
const [program, ...args] = pinned(1, [process.execPath, projectFile('bench/readers.ts'), String(server.port), values.readers])
const readers = spawn(program as string, args, { stdio: ['pipe', 'pipe', 'inherit'] })
const loaded = await both()
readers.stdin.end()
const replayed = Number(await text(readers.stdout))
const resident = residentBytes(server.pid)

await sleep(1000)
const before = residentBytes(server.pid)
const began = performance.now()
const response = await fetch(`http://127.0.0.1:${server.port}/tasks/large`)
const size = (await response.arrayBuffer()).byteLength
const took = performance.now() - began
const grown = residentBytes(server.pid) - before
await server.stop()

process.stdout.write(`Node ${process.versions.node}; ${values.readers} readers of ${values.events} events; ` +
  `${short(replayed / MIB / Number(values.seconds))} MiB/s replayed; server at ${short(resident / MIB)} MiB.\n`)
printTable(['latency, ms', 'quiet p50', 'p99', 'max', 'under replays p50', 'p99', 'max'], [
  toRow('POST /callback', quiet[0], loaded[0]),
  toRow('GET /healthz', quiet[1], loaded[1])
])
printTable(['GET /tasks of 1,000 events of 60 kB', 'value'], [
  ['time to the whole answer, ms', short(took)],
  ['size of the answer, MiB', short(size / MIB)],
  ['growth of the server, MiB', short(grown / MIB)]
])
process.exit(0)
