import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { memoryStore } from '../../../src/store/memory/store.ts'
import type { EventStore } from '../../../src/store/store.ts'
import { countingBus, countTimers } from '../../support/counts.ts'
import { mountRelay } from '../../support/relay-with.ts'

const ROUNDS = 10
const AT_ONCE = 20
const REQUEST = 'GET /events/a HTTP/1.1\r\nHost: localhost\r\n\r\n'

interface Gate {
  /** Tasks that were requested since the gate was closed. */
  readonly asking: readonly string[]
  readonly release: () => void
}

/** Store whose reads wait while its gate is closed. */
function gatedStore (): EventStore & { hold (): Gate } {
  const store = memoryStore()
  let gate: Promise<void> | undefined
  const asking: string[] = []
  return {
    ...store,
    async extent (taskId) {
      asking.push(taskId)
      await gate
      return store.extent(taskId)
    },
    hold () {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      asking.length = 0
      return { asking, release: resolve }
    }
  }
}

async function start (t: Test) {
  const timers = countTimers(t)
  const bus = countingBus()
  const store = gatedStore()
  // The limits equal the number of concurrent clients: a place that is not released is missing in the next round.
  const config = { MAX_STREAMS: AT_ONCE, MAX_STREAMS_PER_IP: AT_ONCE, MAX_STREAMS_PER_TASK: AT_ONCE }
  const { app, url } = await mountRelay(t, store, { bus, config })
  const open = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => { open.delete(socket) })
  })
  const count = async () => ({
    streams: await openStreams(app),
    followers: bus.listeners,
    sockets: open.size,
    timers: timers.pending,
    listeners: listeners(app),
    resources: refedTimers()
  })

  async function connectAll (request: string): Promise<Socket[]> {
    const { port } = new URL(url)
    const clients = Array.from({ length: AT_ONCE }, () => connect(Number(port), '127.0.0.1'))
    for (const client of clients) client.write(request)
    while (open.size < AT_ONCE) await turn()
    return clients
  }

  async function leaveAll (clients: Socket[]): Promise<void> {
    for (const client of clients) client.destroy()
    while (open.size > 0) await turn()
  }

  return { app, bus, store, count, connectAll, leaveAll }
}

async function openStreams (app: FastifyInstance): Promise<number> {
  const { payload } = await app.inject('/metrics')
  return Number(/^relay_streams_open (\d+)$/m.exec(payload)?.[1])
}

/** Counts the listeners of the server and the process. */
function listeners (app: FastifyInstance): number {
  const counts = [app.server, process].flatMap((emitter) => {
    return emitter.eventNames().map((name) => emitter.listenerCount(name as string))
  })
  return counts.reduce((total, count) => total + count, 0)
}

/** Counts active timers, Node's own included. */
function refedTimers (): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

t.test('churn: clients that disconnect before the end of their request leak nothing', async t => {
  const { count, connectAll, leaveAll } = await start(t)
  const before = await count()
  for (let round = 0; round < ROUNDS; round++) await leaveAll(await connectAll(REQUEST.slice(0, round * 4)))
  t.strictSame(await count(), before)
})

t.test('churn: clients that disconnect before the response leak nothing', async t => {
  const { bus, store, count, connectAll, leaveAll } = await start(t)
  const before = await count()
  for (let round = 0; round < ROUNDS; round++) {
    const { asking, release } = store.hold()
    const clients = await connectAll(REQUEST)
    while (asking.length < AT_ONCE) await turn()
    await leaveAll(clients)
    release()
    while (bus.listeners > 0) await turn()
  }
  t.strictSame(await count(), before)
})

t.test('churn: clients that disconnect from an open stream leak nothing', async t => {
  const { app, bus, count, connectAll, leaveAll } = await start(t)
  const before = await count()
  for (let round = 0; round < ROUNDS; round++) {
    const clients = await connectAll(REQUEST)
    const answers = await Promise.all(clients.map(async (client) => String((await once(client, 'data'))[0])))
    t.ok(answers.every((answer) => answer.includes('event:subscribed')), `round ${round}: every stream opens`)
    t.equal(await openStreams(app), AT_ONCE)
    await leaveAll(clients)
    while (bus.listeners > 0) await turn()
  }
  t.strictSame(await count(), before)
})
