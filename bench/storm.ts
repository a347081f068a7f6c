// Kills and restarts the server of 10,000 watchers: node bench/storm.ts [--watchers 10000]
// Each watcher has its own task and cursor, and reconnects after the `retry` of the server. Meanwhile a server on
// another port stores one callback for each task. While the watchers reconnect, new callbacks are posted at a steady
// rate, each over its own connection.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { readMetrics } from './metrics.ts'
import { freePort, startRelay, temporaryPath } from './servers.ts'
import { printTable, quantile, short } from './table.ts'
import { callbackBody, inParallel, openPoster, openStream, streamRequest } from './wire.ts'

const CONNECTING = 64
const POSTERS = 32
const NEW_PER_SECOND = 200
const POLL_MS = 10
const MAX_MS = 120_000
const LAG = 'nodejs_eventloop_lag_max_seconds'

interface Watcher {
  /** Number of events that it should have. */
  expected: number
  /** Number of the last event that it got. */
  seq: number
  cursor: string
  retryMs: number
  isOpen: boolean
}

const { values } = parseArgs({ options: { watchers: { type: 'string', default: '10000' } } })
const watchers = Array.from({ length: Number(values.watchers) }, (): Watcher => {
  return { expected: 0, seq: 0, cursor: '', retryMs: 0, isOpen: false }
})
const port = await freePort()
const database = temporaryPath('relay.db')
let serial = 0
let refused = 0
setTimeout(() => {
  throw new Error(`Cannot continue: ${watchers.filter(isBehind).length} watchers are behind after ${MAX_MS} ms`)
}, MAX_MS).unref()

function watch (watcher: Watcher, i: number, opened = (): void => {}): void {
  function onFrame (frame: string): void {
    take(watcher, i, frame)
    opened()
  }
  const socket = openStream({ port, client: i, request: streamRequest(`task-${i}`, watcher.cursor), onFrame })
  socket.once('close', () => {
    if (!watcher.isOpen) refused++
    watcher.isOpen = false
    setTimeout(() => { watch(watcher, i) }, watcher.retryMs)
  })
}

function take (watcher: Watcher, i: number, frame: string): void {
  const [, id = '', seq] = /^id: ?([\w-]+\.(\d+))$/m.exec(frame) ?? []
  if (id === '') return
  watcher.cursor = id
  watcher.retryMs = Number(/^retry: ?(\d+)$/m.exec(frame)?.[1] ?? watcher.retryMs)
  const step = Number(seq) - watcher.seq
  const isHello = frame.includes('event:subscribed')
  if (step !== (isHello ? 0 : 1)) throw new Error(`Cannot continue: watcher ${i} got ${id} after ${watcher.seq}`)
  if (isHello) watcher.isOpen = true
  watcher.seq = Number(seq)
}

function isBehind ({ isOpen, seq, expected }: Watcher): boolean {
  return !isOpen || seq < expected
}

async function until (isReached: () => boolean): Promise<void> {
  while (!isReached()) await sleep(POLL_MS)
}

/** Posts a callback for each task. Resolves with the latency of each answer, in milliseconds. */
async function postAll (tasks: readonly number[], at = port): Promise<number[]> {
  const posters = Array.from({ length: Math.min(POSTERS, tasks.length) }, () => openPoster(at))
  const took: number[] = []
  await inParallel(tasks.length, posters.length, async (n) => {
    const poster = posters.pop()!
    const began = performance.now()
    const status = await poster.post('/callback', callbackBody(`task-${tasks[n]}`, ++serial))
    if (status !== 200) throw new Error(`Cannot continue: a callback got ${status}, expected 200`)
    took.push(performance.now() - began)
    watchers[tasks[n]!]!.expected++
    posters.push(poster)
  })
  for (const poster of posters) poster.close()
  return took
}

/** Posts at a steady rate until `isOver`, however slow the server is. Latency counts from the due time. */
async function postSteadily (isOver: () => boolean): Promise<number[]> {
  const posts: Array<Promise<number[]>> = []
  const began = performance.now()
  for (let n = 0; !isOver(); n++) {
    await sleep(Math.max(0, began + n * 1000 / NEW_PER_SECOND - performance.now()))
    posts.push(postAll([Math.floor(Math.random() * watchers.length)]))
  }
  return (await Promise.all(posts)).flat()
}

const all = watchers.map((_, i) => i)
const first = await startRelay({ port, database })
await inParallel(watchers.length, CONNECTING, (i) => new Promise((resolve) => { watch(watchers[i]!, i, resolve) }))
await postAll(all)
await until(() => !watchers.some(isBehind))

const killedAt = performance.now()
await first.stop('SIGKILL')
await until(() => watchers.every(({ isOpen }) => !isOpen))
const standIn = await startRelay({ database })
await postAll(all, standIn.port)
await standIn.stop()
const second = await startRelay({ port, database })
const startedAt = performance.now()
await readMetrics(port)
const steady = postSteadily(() => watchers.every(({ isOpen }) => isOpen))
await until(() => watchers.every(({ isOpen }) => isOpen))
const backAt = performance.now()
const took = await steady
await until(() => !watchers.some(isBehind))
const caughtUpAt = performance.now()
const lagMs = (await readMetrics(port))(LAG) * 1000
await second.stop()

const [count, events] = [watchers.length, serial].map((number) => number.toLocaleString('en'))
process.stdout.write(`Node ${process.versions.node}; ${count} watchers; ${events} events, each once and in order.\n`)
const latencies = [quantile(took), quantile(took, 0.99), Math.max(...took)]
printTable(['figure', 'value'], [
  ['from the kill to the first answer, ms', short(startedAt - killedAt)],
  ['failed attempts to reconnect', refused.toLocaleString('en')],
  ['from then to the last reconnection, ms', short(backAt - startedAt)],
  ['from then to the last missed event, ms', short(caughtUpAt - startedAt)],
  ['max pause of the event loop, ms', short(lagMs)],
  [`answers to ${took.length} new callbacks meanwhile, p50 / p99 / max, ms`, latencies.map(short).join(' / ')]
])
process.exit(0)
