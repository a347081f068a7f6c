// Loads one server from a separate process, checks that every event arrives once on the right stream, and prints the
// measurements as JSON: node bench/load.ts '<job as JSON>'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuUs, residentBytes } from './proc.ts'
import { callbackBody, inParallel, markOf, openPoster, openStream, streamRequest, type Poster } from './wire.ts'

const CONNECTING = 64
const SETTLE_MS = 1500
const MAX_MS = 60_000

export interface Job {
  /** Fan-in: one task per stream. Fan-out: one task for all streams. Idle: no callbacks. */
  readonly suite: 'fan-in' | 'fan-out' | 'idle'
  readonly port: number
  readonly pid: number
  readonly publish: string
  readonly streams: number
  /** Number of measured callbacks. */
  readonly messages: number
  /** Number of callbacks before the measurement. */
  readonly warmup: number
  /** Number of concurrent callbacks. In fan-out the next is sent when all streams have the one before. */
  readonly posters: number
}

export interface Measured {
  readonly eventCpuUs: number
  readonly eventsPerSecond: number
  readonly connectCpuUs: number
  /** Time until all streams are open, 64 at once, divided by their number. */
  readonly connectUs: number
  readonly streamBytes: number
}

const job = JSON.parse(process.argv[2] as string) as Job
const isFanOut = job.suite === 'fan-out'
const lastMark = new Int32Array(job.streams).fill(-1)
let delivered = 0
let goal = Infinity
let reached = (): void => {}
setTimeout(() => {
  throw new Error(`Cannot continue: ${delivered} of ${goal} events arrived in ${MAX_MS} ms`)
}, MAX_MS).unref()

function taskOf (mark: number): string {
  return `${process.pid}-${isFanOut ? 0 : mark % job.streams}`
}

function take (stream: number, mark: number): void {
  const isRight = isFanOut || mark % job.streams === stream
  if (!isRight || mark <= lastMark[stream]!) {
    throw new Error(`Cannot continue: event ${mark} arrived on stream ${stream}, which has ${lastMark[stream]}`)
  }
  lastMark[stream] = mark
  if (++delivered === goal) reached()
}

async function open (stream: number): Promise<void> {
  await new Promise<void>((resolve) => {
    function onFrame (frame: string): void {
      const mark = markOf(frame)
      if (mark === undefined) resolve()
      else take(stream, mark)
    }
    openStream({ port: job.port, client: stream, request: streamRequest(taskOf(stream)), onFrame })
  })
}

let posters: Poster[] = []

async function post (mark: number, poster: number): Promise<void> {
  const status = await posters[poster]!.post(job.publish.replace('*', taskOf(mark)), callbackBody(taskOf(mark), mark))
  if (status > 299) throw new Error(`Cannot continue: a callback got ${status}, expected 200`)
}

/** Sends the callbacks `from` to `to - 1` and waits for their events. */
async function send (from: number, to: number): Promise<void> {
  const all = new Promise<void>((resolve) => { reached = resolve })
  goal = to * (isFanOut ? job.streams : 1)
  let next = from
  await Promise.all(posters.map(async (_, poster) => { while (next < to) await post(next++, poster) }))
  await all
}

async function sendAll (from: number, to: number): Promise<void> {
  if (!isFanOut) return send(from, to)
  for (let mark = from; mark < to; mark++) await send(mark, mark + 1)
}

async function measure (): Promise<Measured> {
  const bytes = residentBytes(job.pid)
  const [cpu, at] = [cpuUs(job.pid), performance.now()]
  await inParallel(job.streams, CONNECTING, open)
  const connectUs = (performance.now() - at) * 1000 / job.streams
  const connectCpuUs = (cpuUs(job.pid) - cpu) / job.streams
  if (job.suite === 'idle') await sleep(SETTLE_MS)
  const streamBytes = (residentBytes(job.pid) - bytes) / job.streams

  // Opened now: an idle connection is closed after ten seconds.
  posters = Array.from({ length: job.posters }, () => openPoster(job.port))
  // A server accepts one connection after the other: callbacks of the first would overtake that of the last.
  await Promise.all(posters.map((poster) => poster.get('/healthz')))
  if (job.warmup > 0) await sendAll(0, job.warmup)
  const before = { cpu: cpuUs(job.pid), at: performance.now(), delivered }
  if (job.messages > 0) await sendAll(job.warmup, job.warmup + job.messages)
  const events = delivered - before.delivered
  const eventCpuUs = (cpuUs(job.pid) - before.cpu) / events
  const eventsPerSecond = events / (performance.now() - before.at) * 1000
  return { connectCpuUs, connectUs, streamBytes, eventCpuUs, eventsPerSecond }
}

process.stdout.write(JSON.stringify(await measure()))
process.exit(0)
