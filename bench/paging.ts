// Callbacks next to an operator who pages: node bench/paging.ts [--tasks 100000] [--seconds 5]
// Time of a callback over HTTP into a SQLite store with many tasks, in turns with and without a client that reads the
// list of tasks again and again, without a pause. The client looks for overdue tasks, of which there are none.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { randomUUID } from 'node:crypto'
import { createRelay, readCallback } from '../src/index.ts'
import { temporaryPath } from './servers.ts'
import { printTable, quantile, short } from './table.ts'
import { callbackBody } from './wire.ts'

const BATCH = 512
const SENDERS = 4
const PAUSE_MS = 10
const TURNS = 6

const { values } = parseArgs({
  options: { tasks: { type: 'string', default: '100000' }, seconds: { type: 'string', default: '5' } }
})
const seconds = Number(values.seconds)
let serial = 0

const relay = await createRelay({ PORT: 0, LOG_LEVEL: 'fatal', STORE_URL: `sqlite:${temporaryPath('paging.db')}` })
const url = await relay.listen()

async function publish (): Promise<void> {
  const taskId = randomUUID()
  const body: unknown = JSON.parse(callbackBody(taskId, ++serial))
  await relay.hub.publish(taskId, readCallback('regenerate', body, { receivedAt: new Date() }).draft)
}

/** Posts callbacks until a time. Adds the time of each, in milliseconds. */
async function send (times: number[], end: number): Promise<void> {
  while (performance.now() < end) {
    const start = performance.now()
    const body = callbackBody(randomUUID(), ++serial)
    const headers = { 'content-type': 'application/json' }
    await (await fetch(`${url}/callback/regenerate`, { method: 'POST', headers, body })).text()
    times.push(performance.now() - start)
    await sleep(PAUSE_MS)
  }
}

/** Reads the list of tasks until a time. Adds the time of each part, in milliseconds. */
async function page (times: number[], end: number): Promise<void> {
  let before: string | null = null
  while (performance.now() < end) {
    const start = performance.now()
    const query: string = before ? `&before=${encodeURIComponent(before)}` : ''
    before = (await (await fetch(`${url}/admin/api/tasks?group=overdue${query}`)).json()).next
    times.push(performance.now() - start)
  }
}

for (let n = 0; n < Number(values.tasks); n += BATCH) await Promise.all(Array.from({ length: BATCH }, publish))

const callbacks: [number[], number[]] = [[], []]
const pages: number[] = []
for (let turn = 0; turn < TURNS; turn++) {
  const isPaged = turn % 2
  const end = performance.now() + seconds * 1000
  const senders = Array.from({ length: SENDERS }, () => send(callbacks[isPaged] as number[], end))
  await Promise.all([...senders, ...isPaged ? [page(pages, end)] : []])
}
await relay.close()

const [alone, paged] = callbacks
const row = (name: string, share: number): string[] => {
  const [without, next] = [quantile(alone, share), quantile(paged, share)]
  return [name, short(without), short(next), short(next / without)]
}
printTable([`callback, ms, ${short(serial)} tasks`, 'alone', 'next to a client that pages', 'ratio'], [
  row('p50', 0.5), row('p99', 0.99)
])
printTable(['part of the list, 2,000 tasks looked at', 'ms'], [
  ['p50', short(quantile(pages))], ['p99', short(quantile(pages, 0.99))]
])
