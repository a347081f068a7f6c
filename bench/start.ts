// Time from the start of the process to its first answer: node bench/start.ts [--turns 20]
// Starts the sources and the command of the package in `dist`, without and with the compiled code of earlier starts, in
// turns. Each start is on a store of its own.
import { parseArgs } from 'node:util'
import { cpuUs } from './proc.ts'
import { START_FLAGS, startRelay } from './servers.ts'
import { printTable, quantile, short } from './table.ts'

const NOTHING_COMPILED = { NODE_DISABLE_COMPILE_CACHE: '1' }

const { values } = parseArgs({ options: { turns: { type: 'string', default: '20' } } })

interface Kind {
  readonly name: string
  readonly program: string
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const KINDS: readonly Kind[] = [
  { name: 'sources, nothing compiled', program: 'src/bin.js', flags: START_FLAGS, env: NOTHING_COMPILED },
  { name: 'sources', program: 'src/bin.js', flags: START_FLAGS },
  { name: 'package, nothing compiled', program: 'dist/src/bin.js', env: NOTHING_COMPILED },
  { name: 'package', program: 'dist/src/bin.js' }
]

/** Starts a relay and stops it. Resolves with the time to its first answer, and its CPU until then. */
async function measure ({ program, flags = [], env = {} }: Kind): Promise<{ wallMs: number, cpuMs: number }> {
  const began = performance.now()
  const server = await startRelay({ program, env, flags })
  const wallMs = performance.now() - began
  const cpuMs = cpuUs(server.pid) / 1000
  await server.stop()
  return { wallMs, cpuMs }
}

const kinds = KINDS.map((kind) => ({ kind, wallMs: [] as number[], cpuMs: [] as number[] }))
// The first start compiles.
for (const { kind } of kinds) await measure(kind)
for (let turn = 0; turn < Number(values.turns); turn++) {
  for (const { kind, wallMs, cpuMs } of kinds) {
    const measured = await measure(kind)
    wallMs.push(measured.wallMs)
    cpuMs.push(measured.cpuMs)
  }
}

const first = kinds[0] as typeof kinds[number]
const ratio = (ours: readonly number[], others: readonly number[]): string =>
  quantile(ours.map((ms, turn) => ms / (others[turn] as number))).toFixed(2)
printTable(['start', 'first answer, ms', 'ratio', 'CPU, ms', 'ratio'], kinds.map(({ kind, wallMs, cpuMs }) => {
  return [
    kind.name, short(quantile(wallMs)), ratio(wallMs, first.wallMs), short(quantile(cpuMs)), ratio(cpuMs, first.cpuMs)
  ]
}))
