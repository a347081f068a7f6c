// Compares the relay with plain node:http and, if installed, nginx with Nchan, on the same work: npm run bench
// A ratio compares servers within one round, because the speed of the machine varies. The medians are printed.
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Measured } from './load.ts'
import { load, type Suite } from './run-load.ts'
import { hasNchan, START_FLAGS, startNchan, startRaw, startRelay, type Server } from './servers.ts'
import { printTable, quantile, short } from './table.ts'

type Runs = Map<string, Measured[]>

const SUITES: Suite[] = [
  { suite: 'fan-in', streams: 1000, messages: 8000, warmup: 3000, posters: 32 },
  { suite: 'fan-out', streams: 1000, messages: 50, warmup: 10, posters: 1 },
  { suite: 'idle', streams: 5000, messages: 0, warmup: 0, posters: 0 }
]
const FIGURES: Record<Suite['suite'], Array<[keyof Measured, string]>> = {
  'fan-in': [['eventCpuUs', 'CPU, µs an event'], ['eventsPerSecond', 'events a second']],
  'fan-out': [['eventCpuUs', 'CPU, µs an event and stream'], ['eventsPerSecond', 'events a second, all streams']],
  idle: [['streamBytes', 'bytes a stream'], ['connectCpuUs', 'CPU, µs a connect']]
}
const STARTERS: Record<string, () => Promise<Server>> = {
  relay: () => startRelay({ flags: START_FLAGS }),
  raw: startRaw,
  ...hasNchan() && { nchan: startNchan }
}
const NAMES = Object.keys(STARTERS)

const { values: { rounds } } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } })
// A busy machine completes fewer rounds.
const SUITE_MS = 35_000

/** Measures memory in a new process for each round, and speed in a process that has warmed up. */
async function runSuite (suite: Suite): Promise<Runs> {
  const runs: Runs = new Map(NAMES.map((name) => [name, []]))
  const isFresh = suite.suite === 'idle'
  const servers = new Map<string, Server>()
  const began = performance.now()
  for (let round = 0; round < Number(rounds) && performance.now() - began < SUITE_MS; round++) {
    for (const [name, start] of Object.entries(STARTERS)) {
      const server = servers.get(name) ?? await start()
      servers.set(name, server)
      runs.get(name)!.push(await load(server, suite))
      if (isFresh && servers.delete(name)) await server.stop()
    }
  }
  for (const server of servers.values()) await server.stop()
  return runs
}

function toRow (suite: string, [figure, label]: [keyof Measured, string], runs: Runs): string[] {
  const of = (name: string): number[] => runs.get(name)!.map((measured) => measured[figure])
  const ratios = NAMES.slice(1).map((peer) => quantile(of('relay').map((value, round) => value / of(peer)[round]!)))
  const medians = NAMES.map((name) => short(quantile(of(name))))
  return [suite, label, String(of('relay').length), ...medians, ...ratios.map((ratio) => ratio.toFixed(2))]
}

if (!existsSync('/proc/self/stat')) throw new Error('Cannot measure CPU and memory: there is no /proc, expected Linux')
const rows: string[][] = []
for (const suite of SUITES) {
  const runs = await runSuite(suite)
  const name = `${suite.suite}, ${suite.streams.toLocaleString('en')} streams`
  rows.push(...FIGURES[suite.suite].map((figure) => toRow(name, figure, runs)))
}
process.stdout.write(`Node ${process.versions.node}; medians of the rounds; only the relay stores events.\n`)
printTable(['suite', 'figure', 'rounds', ...NAMES, ...NAMES.slice(1).map((peer) => `relay/${peer}`)], rows)
process.exit(0)
