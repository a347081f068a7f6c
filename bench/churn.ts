// Clients that connect and leave, a hundred thousand times: node bench/churn.ts [--cycles 100000]
// A third leaves before it has asked, a third before it is answered, a third from an open stream. The server's heap is
// capped; it is told to collect its garbage before it is looked at.
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { readMetrics } from './metrics.ts'
import { startRelay, type Server } from './servers.ts'
import { printTable } from './table.ts'
import { inParallel, openStream, sourceAddress, streamRequest } from './wire.ts'

const AT_ONCE = 64
const WARMUP = 5000
const STEPS = 5
// With a cap of 64 or 128 V8 collects nearly all the time, though little is held, and the run takes many times as long.
const HEAP_MIB = 512
const COLLECT_MS = 500
const MIB = 1024 * 1024
const COLLECT = 'data:text/javascript,process.on("SIGUSR2",()=>gc())'

async function leaveBefore (port: number, i: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: sourceAddress(i) })
  await once(socket, 'connect')
  socket.destroy()
}

async function leaveDuring (port: number, i: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: sourceAddress(i) })
  await once(socket, 'connect')
  await new Promise((resolve) => { socket.write(streamRequest(`task-${i}`), resolve) })
  socket.destroy()
}

async function leaveAfter (port: number, i: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket = openStream(port, i, streamRequest(`task-${i}`), () => {
      socket.destroy()
      resolve()
    })
  })
}

const WAYS = [leaveBefore, leaveDuring, leaveAfter]

async function cycles (port: number, count: number): Promise<void> {
  await inParallel(count, AT_ONCE, (i) => WAYS[i % WAYS.length]!(port, i))
}

/** What is left once all streams are gone, which takes a moment. */
async function look ({ port, pid }: Server): Promise<{ heap: number, resident: number }> {
  while ((await readMetrics(port))('relay_streams_open') > 0) await sleep(100)
  process.kill(pid, 'SIGUSR2')
  // Nothing tells when the signal has been seen to.
  await sleep(COLLECT_MS)
  const read = await readMetrics(port)
  return { heap: read('nodejs_heap_size_used_bytes'), resident: read('process_resident_memory_bytes') }
}

const { values: { cycles: wanted } } = parseArgs({ options: { cycles: { type: 'string', default: '100000' } } })
const server = await startRelay({ flags: [`--max-old-space-size=${HEAP_MIB}`, '--expose-gc', '--import', COLLECT] })
const rows: string[][] = []
await cycles(server.port, WARMUP)
for (let step = 0; step <= STEPS; step++) {
  if (step > 0) await cycles(server.port, Number(wanted) / STEPS)
  const { heap, resident } = await look(server)
  rows.push([(step * Number(wanted) / STEPS).toLocaleString('en'), (heap / MIB).toFixed(1), (resident / MIB).toFixed(1)])
}
process.stdout.write(`Node ${process.versions.node}; old space capped at ${HEAP_MIB} MiB; no stream was open at each look.\n`)
printTable(['connect-and-leave cycles', 'heap, MiB', 'RSS, MiB'], rows)
process.exit(0)
