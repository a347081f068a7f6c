// Cost of a stream as their number grows: node bench/streams.ts [--streams 1000,…] [--turns 3] [--picture streams.svg]
// For each number, in turns, a new relay: time to open so many streams, 64 at once; memory of a stream; CPU of an event
// to one of them.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { planCapacity, readDescriptorLimit } from '../src/http/capacity.ts'
import type { Measured } from './load.ts'
import { drawLines } from './picture.ts'
import { load, type Suite } from './run-load.ts'
import { START_FLAGS, startRelay } from './servers.ts'
import { printTable, quantile, short } from './table.ts'

const WARMUP: Suite = { suite: 'fan-in', streams: 100, messages: 1000, warmup: 0, posters: 32 }

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '1000,2000,5000,10000,18000' },
    turns: { type: 'string', default: '3' },
    picture: { type: 'string' }
  }
})
const wanted = values.streams.split(',').map(Number)
const descriptors = readDescriptorLimit()
const limit = planCapacity(0, descriptors).maxStreams || Infinity
const sizes = [...new Set(wanted.map((streams) => Math.min(streams, limit)))]
const figures = sizes.map((streams) => ({ streams, openUs: [], kilobytes: [], eventUs: [] } as Figures))

interface Figures {
  readonly streams: number
  readonly openUs: number[]
  readonly kilobytes: number[]
  readonly eventUs: number[]
}

async function measure ({ streams, openUs, kilobytes, eventUs }: Figures): Promise<void> {
  const server = await startRelay({ flags: START_FLAGS })
  // Compiled code is no memory of a stream.
  await load(server, WARMUP)
  const idle = await load(server, { suite: 'idle', streams, messages: 0, warmup: 0, posters: 0 })
  const { eventCpuUs }: Measured = await load(server, {
    suite: 'fan-in', streams, messages: 8000, warmup: 10_000, posters: 32
  })
  openUs.push(idle.connectUs)
  kilobytes.push(idle.streamBytes / 1000)
  eventUs.push(eventCpuUs)
  await server.stop()
}

for (let turn = 0; turn < Number(values.turns); turn++) for (const one of figures) await measure(one)

process.stdout.write(`Node ${process.versions.node}; medians of ${values.turns} turns.\n`)
if (Math.max(...wanted) > limit) {
  const [streams, files] = [limit, descriptors].map((number) => number?.toLocaleString('en'))
  process.stdout.write(`Measured up to ${streams} streams: the descriptor limit is ${files}, see ulimit -n.\n`)
}
const NAMES = ['time to open a stream, µs', 'memory of a stream, kB', 'CPU of an event, µs']
const rows = figures.map(({ streams, ...one }) => {
  return { streams, medians: [one.openUs, one.kilobytes, one.eventUs].map((all) => quantile(all)) }
})
printTable(['streams', ...NAMES], rows.map(({ streams, medians }) => {
  return [streams.toLocaleString('en'), ...medians.map(short)]
}))
if (values.picture) {
  const base = rows[0] as typeof rows[number]
  const lines = base.medians.map((first, i) => {
    const name = (NAMES[i] as string).replace(', ', `: ${short(first)} `)
    return { name, points: rows.map(({ streams, medians }) => [streams, medians[i]! / first] as const) }
  })
  const y = `ratio to ${base.streams.toLocaleString('en')}`
  writeFileSync(values.picture, drawLines({ title: 'A stream as their number grows', x: 'open streams', y }, lines))
}
process.exit(0)
