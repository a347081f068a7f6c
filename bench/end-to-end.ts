// From a callback to its stream on a full store: node bench/end-to-end.ts [--events 1000000] [--rounds 10]
// Streams of new tasks wait. Then each task gets one callback, at fixed times. A time counts from just before the
// callback is written until its event is read. A full store and one that was empty take turns.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { filledStore } from './fill.ts'
import { pinThisProcess, startRelay, type Server } from './servers.ts'
import { atRate, openPosters, requireOk } from './steady.ts'
import { printTable, quantile, short } from './table.ts'
import { callbackBody, inParallel, markOf, openStream, streamRequest } from './wire.ts'

const CONNECTING = 64
const SETTLE_MS = 500
const MAX_MS = 60_000

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '10' }
  }
})
const [perSecond, seconds] = [Number(values.rate), Number(values.seconds)]

/** Resolves with the time of each event, in milliseconds. */
async function measure ({ port }: Server): Promise<number[]> {
  const tasks = Array.from({ length: perSecond * seconds }, () => {
    return { taskId: randomUUID(), sentAt: 0, read: Promise.withResolvers<number>() }
  })
  const tooLate = setTimeout(() => {
    throw new Error(`Cannot continue: a stream did not open, or an event did not arrive, in ${MAX_MS} ms`)
  }, MAX_MS)
  const sockets = new Set<ReturnType<typeof openStream>>()
  await inParallel(tasks.length, CONNECTING, (n) => new Promise((resolve) => {
    const task = tasks[n]!
    function onFrame (frame: string): void {
      if (markOf(frame) === undefined) resolve()
      else task.read.resolve(performance.now() - task.sentAt)
    }
    sockets.add(openStream({ port, client: n, request: streamRequest(task.taskId), onFrame }))
  }))
  await sleep(SETTLE_MS)

  const posters = openPosters(port)
  await atRate({ perSecond, seconds }, async (n) => {
    const task = tasks[n]!
    requireOk(await posters.send((poster) => {
      task.sentAt = performance.now()
      return poster.post('/callback', callbackBody(task.taskId, n))
    }))
  })
  const times = await Promise.all(tasks.map(({ read }) => read.promise))
  clearTimeout(tooLate)
  posters.close()
  for (const socket of sockets) socket.destroy()
  await sleep(SETTLE_MS)
  return times
}

const names = ['0 events', `${Number(values.events).toLocaleString('en')} events`]
const full = filledStore(Number(values.events))
pinThisProcess(1)
const servers = [await startRelay(), await startRelay({ database: full })]
const rounds: number[][][] = []
for (let round = 0; round <= Number(values.rounds); round++) {
  const times: number[][] = []
  for (const n of round % 2 ? [0, 1] : [1, 0]) times[n] = await measure(servers[n]!)
  // The first round warms the servers up.
  if (round > 0) rounds.push(times)
}
for (const server of servers) await server.stop()

process.stdout.write(`Node ${process.versions.node}; ${short(perSecond)} callbacks a second, each to its own stream; ` +
  `medians of ${rounds.length} rounds of ${values.seconds} s.\n`)
printTable(['callback to stream, ms', ...names, 'ratio'], [['p50', 0.5], ['p99', 0.99], ['max', 1]].map((row) => {
  const [name, share] = row as [string, number]
  const found = rounds.map((stores) => stores.map((times) => quantile(times, share)))
  const column = (n: number): string => short(quantile(found.map((stores) => stores[n]!)))
  return [name, column(0), column(1), short(quantile(found.map(([few, many]) => many! / few!)))]
}))
process.exit(0)
