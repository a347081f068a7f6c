// Cost of an append as a store grows: node bench/growth.ts [--events 1000,1000000] [--turns 20] [--picture growth.svg]
// Commits groups of 32 new tasks with random ids to stores that hold so many events, in turns. Measures the writer
// itself: its CPU for each event, and the time of a commit, checkpoints included.
import { copyFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { sqliteWriter } from '../src/store/sqlite/writer.ts'
import { DEDUPE_MS, filledStore, newTasks } from './fill.ts'
import { drawLines } from './picture.ts'
import { temporaryPath } from './servers.ts'
import { printTable, quantile, short } from './table.ts'

const GROUP = 32
const GROUPS_A_TURN = 100

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000,1000000' },
    turns: { type: 'string', default: '20' },
    picture: { type: 'string' }
  }
})

interface Measured {
  readonly events: number
  readonly cpuUs: number[]
  readonly commitMs: number[]
}

/** Commits groups to a store, and closes it, so that its last checkpoint counts, too. */
function measure (path: string, { cpuUs, commitMs }: Measured): void {
  const groups = Array.from({ length: GROUPS_A_TURN }, () => newTasks(GROUP))
  const writer = sqliteWriter(path)
  writer.append(newTasks(GROUP), DEDUPE_MS)
  const before = process.cpuUsage()
  for (const one of groups) {
    const start = performance.now()
    writer.append(one, DEDUPE_MS)
    commitMs.push(performance.now() - start)
  }
  writer.close()
  const { user, system } = process.cpuUsage(before)
  cpuUs.push((user + system) / GROUPS_A_TURN / GROUP)
}

const stores = values.events.split(',').map(Number).map((events) => {
  return { path: filledStore(events), measured: { events, cpuUs: [], commitMs: [] } as Measured }
})
const smallest = stores[0] as typeof stores[number]
for (let turn = 0; turn < Number(values.turns); turn++) {
  for (const store of stores) {
    // Else the smallest store would grow with each turn.
    const path = store === smallest ? temporaryPath('copy.db') : store.path
    if (store === smallest) copyFileSync(store.path, path)
    measure(path, store.measured)
  }
}

const base = quantile(smallest.measured.cpuUs)
const head = ['events stored', 'CPU an event, µs', 'ratio', 'commit of 32, ms: p50', 'p99', 'longest']
printTable(head, stores.map(({ measured: { events, cpuUs, commitMs } }) => {
  const cpu = quantile(cpuUs)
  const times = [quantile(commitMs), quantile(commitMs, 0.99), Math.max(...commitMs)]
  return [events.toLocaleString('en'), short(cpu), short(cpu / base), ...times.map(short)]
}))
if (values.picture) {
  const lineOf = (name: string, value: (measured: Measured) => number) => {
    return { name, points: stores.map(({ measured }) => [measured.events, value(measured)] as const) }
  }
  writeFileSync(values.picture, drawLines({ title: 'An append as the store grows', x: 'events stored', y: 'µs, ms' }, [
    lineOf('CPU an event, µs', ({ cpuUs }) => quantile(cpuUs)),
    lineOf('commit of 32 events, p99, ms', ({ commitMs }) => quantile(commitMs, 0.99))
  ]))
}
process.exit(0)
