import { EventEmitter } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { Server } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { planCapacity, readDescriptorLimit, reportRefusedConnections } from '../../src/http/capacity.ts'
import { openSocket } from '../support/raw.ts'
import { startRelay, temporaryFolder } from '../support/relay.ts'
import { fakeTimeouts } from '../support/timers.ts'

const PLANS: ReadonlyArray<[
  maxStreams: number, descriptors: number | undefined, streams: number, connections: number
]> = [
  [50_000, undefined, 50_000, 54_096],
  [0, undefined, 0, 0],
  [50_000, 1_048_576, 50_000, 54_096],
  [50_000, 50_000, 45_840, 49_936],
  [50_000, 4096, 3024, 4032],
  [50_000, 1024, 720, 960],
  [500, 1024, 720, 960],
  [0, 1024, 720, 960],
  [50_000, 10, 1, 2]
]

for (const [maxStreams, descriptors, streams, connections] of PLANS) {
  t.test(`planCapacity() of ${maxStreams} streams and ${descriptors} descriptors`, async t => {
    t.strictSame(planCapacity(maxStreams, descriptors), { maxStreams: streams, maxConnections: connections })
  })
}

t.test('readDescriptorLimit() reads the soft limit', async t => {
  const path = join(temporaryFolder(t), 'limits')
  const read = (line: string) => {
    writeFileSync(path, `Limit                     Soft Limit           Hard Limit           Units\n${line}\n`)
    return readDescriptorLimit(path)
  }
  t.equal(read('Max open files            1024                 524288               files     '), 1024)
  t.equal(read('Max open files            unlimited            unlimited            files     '), undefined)
  t.equal(readDescriptorLimit(`${path}-of-another-system`), undefined)
})

const noDrop = 'Deno' in globalThis && 'Deno has no limit of connections'

t.test('connections over the limit are refused, counted and logged', { skip: noDrop }, async t => {
  const { app, url } = await startRelay(t)
  const lines: unknown[] = []
  t.intercept(app.log, 'warn', { value: (details: object, message: string) => { lines.push([message, details]) } })
  const metrics = await fetch(`${url}/metrics`)
  await metrics.text()
  app.server.maxConnections = 1
  const socket = await openSocket(t, url)
  await new Promise((resolve) => { socket.resume().once('close', resolve) })
  app.server.maxConnections = 100

  t.strictSame(lines, [['connections refused', { count: 1 }]])
  t.match(await (await fetch(`${url}/metrics`)).text(), /^relay_connections_refused_total 1$/m)
})

t.test('refused connections are one line a minute', async t => {
  const timeouts = fakeTimeouts(t)
  const server = new EventEmitter()
  const lines: object[] = []
  let count = 0
  reportRefusedConnections(server as Server, () => { count++ }, { warn: (details) => { lines.push(details) } })
  for (let n = 0; n < 5; n++) server.emit('drop')
  timeouts.fire()
  t.strictSame([count, lines, timeouts.delays], [5, [{ count: 1 }, { count: 4 }], [60_000]])
  timeouts.fire()
  t.strictSame([lines.length, timeouts.delays], [2, []])
  server.emit('drop')
  t.equal(lines.length, 3)
})
