// Cost of a full store: node bench/store.ts [--events 1000000]
// Measures reads and start-up with 1,000 events and with 1,000,000, the bytes on disk, and the growth of the file over
// many retention periods.
import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createRelay, readCallback, sqliteStore, type EventDraft, type EventStore, type Hub } from '../src/index.ts'
import { startRelay, temporaryPath } from './servers.ts'
import { printTable, quantile, short } from './table.ts'
import { callbackBody } from './wire.ts'

const EVENTS_A_TASK = 4
const GROUP = 512
const FEW = 1000
const READS = 2000
const STARTS = 5
const HOUR_MS = 3_600_000
const RETENTION_MS = 24 * HOUR_MS
// The store keeps high-water marks 30 times as long as events: the file is largest after 31 retention periods.
const RETENTIONS = 50
const PARTS = 10

const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' } } })
const many = Number(values.events)
let serial = 0

function nextDraft (taskId: string): EventDraft {
  return readCallback('regenerate', JSON.parse(callbackBody(taskId, ++serial)), { receivedAt: new Date() }).draft
}

/** Appends events of new tasks. Resolves with the task ids. */
async function fill (store: EventStore, events: number): Promise<string[]> {
  const taskIds = Array.from({ length: Math.ceil(events / EVENTS_A_TASK) }, () => randomUUID())
  for (let n = 0; n < events; n += GROUP) {
    const numbers = Array.from({ length: Math.min(GROUP, events - n) }, (_, i) => n + i)
    await Promise.all(numbers.map((number) => {
      const taskId = taskIds[Math.floor(number / EVENTS_A_TASK)] as string
      return store.append(taskId, nextDraft(taskId))
    }))
  }
  return taskIds
}

async function watchLate (hub: Hub, taskId: string): Promise<void> {
  const all = Promise.withResolvers<void>()
  let left = EVENTS_A_TASK
  const { follower } = await hub.follow(taskId, { replay: 'all' }, {
    deliver () {
      if (--left === 0) all.resolve()
      return true
    },
    onLost () { throw new Error('Cannot go on: the position was lost') }
  })
  follower.resume()
  await all.promise
  follower.stop()
}

async function timeUs (work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return (performance.now() - began) * 1000
}

interface Filled {
  readonly database: string
  readonly taskIds: readonly string[]
  readonly events: number
}

async function filled (events: number): Promise<Filled> {
  const database = temporaryPath('relay.db')
  const store = await sqliteStore(database)
  const taskIds = await fill(store, events)
  await store.close()
  return { database, taskIds, events }
}

/**
 * Measures a late watcher and a `GET /tasks` in each store. Resolves with medians in microseconds, over tasks all over
 * the store. The stores take turns.
 */
async function readUs (stores: readonly Filled[]): Promise<Array<{ follow: number, get: number }>> {
  const readers = await Promise.all(stores.map(async ({ database, taskIds }) => {
    const relay = await createRelay({ PORT: 0, STORE_URL: `sqlite:${database}`, LOG_LEVEL: 'silent' })
    return { relay, url: await relay.listen(), taskIds, follow: [] as number[], get: [] as number[] }
  }))
  for (let n = 0; n < READS; n++) {
    for (const { relay, url, taskIds, follow, get } of readers) {
      const taskId = taskIds[Math.floor(Math.random() * taskIds.length)] as string
      get.push(await timeUs(async () => (await fetch(`${url}/tasks/${taskId}`)).json()))
      const another = taskIds[Math.floor(Math.random() * taskIds.length)] as string
      follow.push(await timeUs(() => watchLate(relay.hub, another)))
    }
  }
  for (const { relay } of readers) await relay.close()
  return readers.map(({ follow, get }) => ({ follow: quantile(follow), get: quantile(get) }))
}

async function startUpMs (database: string): Promise<number> {
  const times: number[] = []
  for (let n = 0; n < STARTS; n++) {
    const began = performance.now()
    const server = await startRelay({ database })
    times.push(performance.now() - began)
    await server.stop()
  }
  return quantile(times)
}

/** Measures the file in MiB after each tenth of the events. A fake clock passes many retention periods. */
async function sizes (events: number): Promise<number[]> {
  const database = temporaryPath('relay.db')
  const start = Date.now()
  let now = start
  const store = await sqliteStore(database, { now: () => now })
  const trims = RETENTIONS * 24
  const found: number[] = []
  for (let hour = 1; hour <= trims; hour++) {
    now = start + hour * HOUR_MS
    await fill(store, Math.round(events / trims))
    await store.trim(RETENTION_MS, () => false)
    if (hour % (trims / PARTS) === 0) found.push(statSync(database).size / 1024 / 1024)
  }
  await store.close()
  return found
}

const stores = [await filled(FEW), await filled(many)]
const reads = await readUs(stores)
const starts = [await startUpMs(stores[0]!.database), await startUpMs(stores[1]!.database)]
const figures: Array<[string, number[]]> = [
  ['late watcher: follow and 4 events, p50, µs', reads.map(({ follow }) => follow)],
  ['GET /tasks, p50, µs', reads.map(({ get }) => get)],
  ['start of the process to its first answer, ms', starts],
  ['bytes on disk an event', stores.map(({ database, events }) => statSync(database).size / events)]
]
const columns = stores.map(({ events }) => `${events.toLocaleString('en')} events`)
printTable(['figure', ...columns, 'ratio'], figures.map(([name, [few, lots]]) => {
  return [name, short(few), short(lots), (lots! / few!).toFixed(2)]
}))

const grown = await sizes(many)
const title = `of ${many.toLocaleString('en')} events over ${RETENTIONS} retention periods`
const parts = grown.map((_, i) => `${(i + 1) * 100 / PARTS} %`)
printTable([title, ...parts], [['file, MiB', ...grown.map((size) => size.toFixed(1))]])
process.exit(0)
