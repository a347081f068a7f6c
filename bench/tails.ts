// Slowest callbacks of a mixed load: node bench/tails.ts [--seconds 600] [--rate 200]
// Whole waits (a client connects, its callback comes, it reads the event and leaves) start at fixed times. Next to them
// run slow readers, long replays, reads of the list of tasks, and a trim every half second. A time counts from when a
// callback was due until its answer. Both processes report their pauses, which are compared with the slow callbacks.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { sqliteStore } from '../src/index.ts'
import { fillTask } from './fill.ts'
import type { Pause } from './probe.ts'
import { cpuUs } from './proc.ts'
import { pinThisProcess, projectFile, START_FLAGS, startRelay, temporaryPath } from './servers.ts'
import { atRate, openPosters, requireOk } from './steady.ts'
import { printTable, quantile, short } from './table.ts'
import { callbackBody, markOf, openStream, sourceAddress, streamRequest } from './wire.ts'

const WARMUP_SECONDS = 10
const CONNECTED_MS = 300
const RETENTION_SECONDS = 12
const LONG = { count: 5000, length: 1000 }
const SLOW_READERS = 20
const SLOW_PAUSE_MS = 100
const REPLAYS_PER_SECOND = 1
const LISTS_PER_SECOND = 2
const WORST = 10
const SLOW = 5
const TAIL = 0.999

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, rate: { type: 'string', default: '200' } }
})
const [perSecond, seconds] = [Number(values.rate), Number(values.seconds)]
const over = new AbortController()
let serial = 0

/** Callback with its due time, in milliseconds since 1970, and the time to its answer. */
interface Answered {
  readonly due: number
  readonly ms: number
}

const database = temporaryPath('relay.db')
const probe = temporaryPath('pauses')
const store = await sqliteStore(database)
await fillTask(store, 'long', LONG)
await store.close()
pinThisProcess(1)
const flags = [...START_FLAGS, '--import', projectFile('bench/probe.ts')]
const env = { PROBE_FILE: probe, RETENTION_HOURS: String(RETENTION_SECONDS / 3600), LOG_LEVEL: 'info' }
const { port, pid, stop } = await startRelay({ database, flags, env })
Object.assign(process.env, { PROBE_FILE: probe, PROBE_THREAD: 'client' })
await import('./probe.ts')
const posters = openPosters(port)

/** Connects, gets a callback and its event, and leaves. */
async function wait (start: number): Promise<Answered> {
  const taskId = randomUUID()
  const due = start + CONNECTED_MS
  const { promise: read, resolve } = Promise.withResolvers<void>()
  function onFrame (frame: string): void { if (markOf(frame) !== undefined) resolve() }
  const socket = openStream({ port, client: ++serial, request: streamRequest(taskId), onFrame })
  const body = callbackBody(taskId, serial)
  await sleep(Math.max(0, due - performance.now()))
  requireOk(await posters.send((poster) => poster.post('/callback', body)))
  const ms = performance.now() - due
  await read
  socket.destroy()
  return { due: performance.timeOrigin + due, ms }
}

/** Replays the long task. A slow reader pauses after each part. */
function replay (client: number, pauseMs = 0): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: sourceAddress(client) })
    let bytes = 0
    socket.on('data', (part) => {
      bytes += part.length
      if (bytes >= LONG.count * LONG.length || over.signal.aborted) socket.destroy()
      if (pauseMs === 0) return
      socket.pause()
      setTimeout(() => { socket.resume() }, pauseMs)
    })
    socket.on('error', () => {})
    socket.on('close', () => { resolve() })
    socket.write(streamRequest('long?replay=all'))
  })
}

async function readSlowly (client: number): Promise<void> {
  while (!over.signal.aborted) await replay(client, SLOW_PAUSE_MS)
}

async function run (seconds: number): Promise<Answered[]> {
  const others = [
    atRate({ perSecond: REPLAYS_PER_SECOND, seconds }, (n) => replay(n)),
    atRate({ perSecond: LISTS_PER_SECOND, seconds }, async () => {
      requireOk(await posters.send((poster) => poster.get('/admin/api/tasks?group=overdue')))
    })
  ]
  const answered = await atRate({ perSecond, seconds }, (_, due) => wait(due))
  await Promise.all(others)
  return answered
}

for (let client = 0; client < SLOW_READERS; client++) readSlowly(client)
await run(WARMUP_SECONDS)
const [cpu, at] = [cpuUs(pid), performance.now()]
const answered = await run(seconds)
const used = (cpuUs(pid) - cpu) / (performance.now() - at) / 1000
over.abort()
await stop()

const pauses = readFileSync(probe, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Pause)

/** Name of a pause. With little CPU, the thread waited: for the disk, or for a processor. */
function nameOf ({ cause, ms, cpuMs = ms }: Pause): string {
  return cpuMs < ms / 2 ? `${cause.replace(': busy', '')}, waiting` : cause
}

/** Returns the pauses during a callback, with the milliseconds that they share, longest first. */
function pausesDuring ({ due, ms }: Answered): Array<[string, number]> {
  const shared = new Map<string, number>()
  for (const pause of pauses) {
    const both = Math.min(due + ms, pause.from + pause.ms) - Math.max(due, pause.from)
    if (both > 0) shared.set(nameOf(pause), (shared.get(nameOf(pause)) ?? 0) + both)
  }
  return [...shared].sort(([, a], [, b]) => b - a)
}

/** Returns the pause that took most of a callback. A busy thread may be seen to read, or to collect garbage. */
function causeOf (one: Answered): string {
  const found = pausesDuring(one).filter(([, ms]) => ms > one.ms / 3).map(([name]) => name)
  return found.find((name) => !name.endsWith('busy')) ?? found[0] ?? 'none of a third of the time'
}

const times = answered.map(({ ms }) => ms)
const p99 = quantile(times, 0.99)
const slow = [...answered].sort((a, b) => b.ms - a.ms).slice(0, Math.ceil(times.length * (1 - TAIL)))
const causes = Object.groupBy(slow, causeOf)
// Of callbacks that were slow at the same time, the slowest.
const worst = slow.filter(({ due, ms }, i) => {
  return !slow.slice(0, i).some((other) => other.due < due + ms && due < other.due + other.ms)
})
const began = (answered[0] as Answered).due

process.stdout.write(`Node ${process.versions.node}; ${short(perSecond)} waits a second for ${values.seconds} s; ` +
  `the relay used ${short(used * 100)} % of a processor.\n`)
printTable(['callbacks', 'ms: p50', 'p99', 'p99.9', 'max', `more than ${SLOW} times the p99`], [
  [short(times.length), ...[0.5, 0.99, TAIL, 1].map((share) => short(quantile(times, share))),
    String(times.filter((ms) => ms > SLOW * p99).length)]
])
printTable([`during the slowest ${slow.length}`, 'callbacks', 'longest, ms'], Object.entries(causes)
  .map(([cause, all = []]) => [cause, String(all.length), short(all[0]?.ms)])
  .sort(([, a], [, b]) => Number(b) - Number(a)))
printTable(['slowest, ms', 'second', 'pauses meanwhile, ms'], worst.slice(0, WORST).map((one) => {
  const found = pausesDuring(one).slice(0, 4).map(([name, ms]) => `${name} ${short(ms)}`)
  return [short(one.ms), short((one.due - began) / 1000), found.join('; ')]
}))
const during = Object.groupBy(pauses.filter(({ from }) => from > began), ({ cause }) => cause)
printTable(['pauses of 2 ms and more', 'number', 'longest, ms', 'most CPU, ms'], Object.entries(during)
  .map(([cause, all = []]) => ({ cause, all, longest: quantile(all.map(({ ms }) => ms), 1) }))
  .sort((a, b) => b.longest - a.longest)
  .map(({ cause, all, longest }) => {
    const cpu = quantile(all.map(({ cpuMs = NaN }) => cpuMs), 1)
    return [cause, all.length.toLocaleString('en'), short(longest), short(cpu)]
  }))
process.exit(0)
