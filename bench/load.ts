// Loads one server in a process of its own, checks that every event comes once to the right stream, and prints what it
// measured as JSON: node bench/load.ts '<job as JSON>'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuUs, residentBytes } from './proc.ts'
import { callbackBody, inParallel, markOf, openPoster, openStream, streamRequest } from './wire.ts'

const CONNECTING = 64
const SETTLE_MS = 1500
const LONGEST_MS = 60_000

export interface Job {
  /** Fan-in: each stream has a task of its own. Fan-out: all have one. Idle: nothing is posted. */
  readonly suite: 'fan-in' | 'fan-out' | 'idle'
  readonly port: number
  readonly pid: number
  readonly publish: string
  readonly streams: number
  /** Callbacks that are measured, and those before. */
  readonly messages: number
  readonly warmup: number
  /** Callbacks under way. With fan-out the next is sent when all streams have the one before. */
  readonly posters: number
}

export interface Measured {
  readonly eventCpuUs: number
  readonly eventsPerSecond: number
  readonly connectCpuUs: number
  readonly streamBytes: number
}

const job = JSON.parse(process.argv[2] as string) as Job
const isFanOut = job.suite === 'fan-out'
const lastMark = new Int32Array(job.streams).fill(-1)
let delivered = 0
let goal = Infinity
let reached = (): void => {}
setTimeout(() => { throw new Error(`Cannot go on: ${delivered} of ${goal} events came in ${LONGEST_MS} ms`) }, LONGEST_MS).unref()

function taskOf (mark: number): string {
  return `${process.pid}-${isFanOut ? 0 : mark % job.streams}`
}

function take (stream: number, mark: number): void {
  const isRight = isFanOut || mark % job.streams === stream
  if (!isRight || mark <= lastMark[stream]!) throw new Error(`Cannot go on: event ${mark} came to stream ${stream}, which has ${lastMark[stream]}`)
  lastMark[stream] = mark
  if (++delivered === goal) reached()
}

async function open (stream: number): Promise<void> {
  await new Promise<void>((resolve) => {
    openStream(job.port, stream, streamRequest(taskOf(stream)), (frame) => {
      const mark = markOf(frame)
      if (mark === undefined) resolve()
      else take(stream, mark)
    })
  })
}

const posters = Array.from({ length: job.posters }, () => openPoster(job.port))

async function post (mark: number, poster: number): Promise<void> {
  const status = await posters[poster]!.post(job.publish.replace('*', taskOf(mark)), callbackBody(taskOf(mark), mark))
  if (status > 299) throw new Error(`Cannot go on: a callback was answered ${status}, expected 200`)
}

/** Sends the callbacks `from` to `to - 1` and waits until their events have come. */
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
  const cpu = cpuUs(job.pid)
  await inParallel(job.streams, CONNECTING, open)
  const connectCpuUs = (cpuUs(job.pid) - cpu) / job.streams
  if (job.suite === 'idle') await sleep(SETTLE_MS)
  const streamBytes = (residentBytes(job.pid) - bytes) / job.streams

  if (job.warmup > 0) await sendAll(0, job.warmup)
  const before = { cpu: cpuUs(job.pid), at: performance.now(), delivered }
  if (job.messages > 0) await sendAll(job.warmup, job.warmup + job.messages)
  const events = delivered - before.delivered
  return { connectCpuUs, streamBytes, eventCpuUs: (cpuUs(job.pid) - before.cpu) / events, eventsPerSecond: events / (performance.now() - before.at) * 1000 }
}

process.stdout.write(JSON.stringify(await measure()))
process.exit(0)
