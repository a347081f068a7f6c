// Clients that connect and disconnect, 100,000 times: node bench/churn.ts [--cycles 100000]
// A third disconnects before the request, a third before the response, a third from an open stream. The server's heap
// is capped. It collects its garbage before each measurement.
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
// With a cap of 64 or 128, V8 collects nearly all the time, and the run takes many times as long.
const HEAP_MIB = 512
const COLLECT_MS = 500
const MIB = 1024 * 1024
const COLLECT = 'data:text/javascript,process.on("SIGUSR2",()=>gc())'

async function leaveBeforeRequest (port: number, i: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: sourceAddress(i) })
  await once(socket, 'connect')
  socket.destroy()
}

async function leaveBeforeResponse (port: number, i: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: sourceAddress(i) })
  await once(socket, 'connect')
  await new Promise((resolve) => { socket.write(streamRequest(`task-${i}`), resolve) })
  socket.destroy()
}

async function leaveOpenStream (port: number, i: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket = openStream({
      port,
      client: i,
      request: streamRequest(`task-${i}`),
      onFrame () {
        socket.destroy()
        resolve()
      }
    })
  })
}

const WAYS = [leaveBeforeRequest, leaveBeforeResponse, leaveOpenStream]

async function cycles (port: number, count: number): Promise<void> {
  await inParallel(count, AT_ONCE, (i) => WAYS[i % WAYS.length]!(port, i))
}

/** Measures memory, in bytes, once the server has closed all streams. */
async function measure ({ port, pid }: Server): Promise<{ heap: number, resident: number }> {
  while ((await readMetrics(port))('relay_streams_open') > 0) await sleep(100)
  process.kill(pid, 'SIGUSR2')
  // The server does not report the end of the collection.
  await sleep(COLLECT_MS)
  const read = await readMetrics(port)
  return { heap: read('nodejs_heap_size_used_bytes'), resident: read('process_resident_memory_bytes') }
}

const { values } = parseArgs({ options: { cycles: { type: 'string', default: '100000' } } })
const wanted = Number(values.cycles)
const server = await startRelay({ flags: [`--max-old-space-size=${HEAP_MIB}`, '--expose-gc', '--import', COLLECT] })
const rows: string[][] = []
await cycles(server.port, WARMUP)
for (let step = 0; step <= STEPS; step++) {
  if (step > 0) await cycles(server.port, wanted / STEPS)
  const { heap, resident } = await measure(server)
  const done = (step * wanted / STEPS).toLocaleString('en')
  rows.push([done, (heap / MIB).toFixed(1), (resident / MIB).toFixed(1)])
}
process.stdout.write(`Node ${process.versions.node}; old space capped at ${HEAP_MIB} MiB; measured without streams.\n`)
printTable(['connections', 'heap, MiB', 'RSS, MiB'], rows)
process.exit(0)
