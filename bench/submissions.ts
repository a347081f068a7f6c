// Cost of submissions in a SQLite store: node bench/submissions.ts [--expected 10000] [--seconds 30]
// Bytes of an expected submission; CPU of the loop that watches over them while nothing is due; CPU of an append in
// groups of 32 with no submission and with many, in turns.
import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { watchOver } from '../src/hub/watch-over.ts'
import { readCallback, sqliteStore, type EventStore } from '../src/index.ts'
import { temporaryPath } from './servers.ts'
import { printTable, quantile, short } from './table.ts'
import { callbackBody } from './wire.ts'

const BATCH = 500
const GROUP = 32
const GROUPS = 50
const TURNS = 40
const CALLS = 1000
const HOUR_MS = 3_600_000
const PATIENCE = { askAfterMs: HOUR_MS, giveUpMs: 2 * HOUR_MS }
const CLAIM = { leaseMs: 30_000, maxQuestions: 10, maxCalls: 20, windowMs: 10_000 }

const { values } = parseArgs({
  options: { expected: { type: 'string', default: '10000' }, seconds: { type: 'string', default: '30' } }
})
const expected = Number(values.expected)
const seconds = Number(values.seconds)
let serial = 0

async function submit ({ submissions }: EventStore): Promise<void> {
  const id = randomUUID()
  await submissions.reserve({ id, step: 'regenerate' }, PATIENCE)
  await submissions.expect(id, randomUUID())
}

/** Returns the CPU that some work takes in all threads of this process, in microseconds. */
async function cpuUs (work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** Appends an outcome of a new task in each place of some groups. */
async function append (store: EventStore): Promise<void> {
  for (let n = 0; n < GROUPS; n++) {
    await Promise.all(Array.from({ length: GROUP }, () => {
      const taskId = randomUUID()
      const body: unknown = JSON.parse(callbackBody(taskId, ++serial))
      return store.append(taskId, readCallback('regenerate', body, { receivedAt: new Date() }).draft)
    }))
  }
}

async function repeat (work: () => Promise<unknown>): Promise<void> {
  for (let n = 0; n < CALLS; n++) await work()
}

/** Runs the loop while nothing is due. Returns its CPU in milliseconds a minute. */
async function idleMs (store: EventStore): Promise<number> {
  const questioner = async (): Promise<undefined> => undefined
  const loop = watchOver({ submissions: store.submissions, questioner, report: { onError: console.error } })
  const used = await cpuUs(() => sleep(seconds * 1000))
  await loop.stop()
  return used / 1000 * 60 / seconds
}

const databases = [temporaryPath('without.db'), temporaryPath('with.db')] as const
const stores = await Promise.all(databases.map((path) => sqliteStore(path))) as [EventStore, EventStore]
const [, filled] = stores
for (let n = 0; n < expected; n += BATCH) await Promise.all(Array.from({ length: BATCH }, () => submit(filled)))

const idle = await idleMs(filled)
const nextDueUs = await cpuUs(() => repeat(() => filled.submissions.nextDueMs())) / CALLS
const claimUs = await cpuUs(() => repeat(() => filled.submissions.claim(CLAIM))) / CALLS
await Promise.all(stores.map((store) => store.close()))
const [small, large] = databases.map((path) => statSync(path).size) as [number, number]

const reopened = await Promise.all(databases.map((path) => sqliteStore(path))) as [EventStore, EventStore]
const appends: [number[], number[]] = [[], []]
for (let turn = 0; turn < TURNS; turn++) {
  for (const i of turn % 2 === 0 ? [0, 1] as const : [1, 0] as const) {
    appends[i].push(await cpuUs(() => append(reopened[i])) / (GROUP * GROUPS))
  }
}
await Promise.all(reopened.map((store) => store.close()))

printTable(['', `${short(expected)} expected`], [
  ['bytes each', short((large - small) / expected)],
  ['CPU of the loop while nothing is due', `${short(idle)} ms a minute`],
  ['nextDueMs()', `${short(nextDueUs)} µs CPU`],
  ['claim() of nothing', `${short(claimUs)} µs CPU`],
  ['append() with no submission, with the reading of its callback', `${short(quantile(appends[0]))} µs CPU`],
  ['append() with these', `${short(quantile(appends[1]))} µs CPU`]
])
