import { build } from 'esbuild'
import t, { type Test } from 'tap'
import type { Connection, TaskReport, WatchStatus } from '../../src/client/index.ts'
import { noChromium, startChromium } from '../support/chromium.ts'
import { startRelay } from '../support/relay.ts'
import {
  answer, cutStream, endedStream, frame, hello, nothing, startServer, stream, task, type Handler
} from '../support/server.ts'
import { nextEvent, nextIds, watchA } from '../support/watching.ts'

const skip = noChromium
const { open } = skip ? {} as never : await startChromium(t)

interface Recorded {
  readonly statuses: WatchStatus[]
  readonly onStatus: (status: WatchStatus) => void
  /** The connections, each once in a row. */
  connections (): Connection[]
}

function record (): Recorded {
  const statuses: WatchStatus[] = []
  return {
    statuses,
    onStatus (status) { statuses.push(status) },
    connections: () => statuses.map(({ connection }) => connection).filter((one, i, all) => one !== all[i - 1])
  }
}

/** Watches the task `a` at a server with these answers until events arrive. Returns the connections on the way. */
async function connectionsOf (t: Test, count: number, ...handlers: Handler[]): Promise<Connection[]> {
  const { url } = await startServer(t, ...handlers)
  const { onStatus, connections } = record()
  await nextIds(watchA(t, url, { onStatus }), count)
  return connections()
}

const connected = stream(hello('e.0'), frame('e.1'))

t.test('status: is connecting, then live, without a failure', async t => {
  const { url } = await startServer(t, connected)
  const { statuses, onStatus } = record()
  const events = watchA(t, url, { onStatus })

  t.strictSame(events.status, { connection: 'connecting', failure: undefined })
  await nextEvent(events)

  t.strictSame(events.status, { connection: 'live', failure: undefined })
  t.strictSame(statuses, [events.status], 'reports each change once')
})

t.test('status: is reconnecting after the end of a stream', async t => {
  t.strictSame(await connectionsOf(t, 1, endedStream(hello('e.0')), connected), ['live', 'reconnecting', 'live'])
})

t.test('status: is reconnecting after a cut, and live again', async t => {
  const cut = cutStream(hello('e.0'), frame('e.1'))
  const resumed = stream(hello('e.1'), frame('e.2'))
  t.strictSame(await connectionsOf(t, 2, cut, resumed), ['live', 'reconnecting', 'live'])
})

t.test('status: is polling behind a proxy that holds streams back, and names the cause', async t => {
  const { url } = await startServer(t, nothing, answer(200, task('e.1')))
  const { onStatus, connections } = record()
  const events = watchA(t, url, { onStatus, firstFrameMs: 50 })

  await nextEvent(events)

  t.strictSame(connections(), ['reconnecting', 'polling'])
  t.equal(events.status.failure?.message, 'Cannot watch the task: no stream arrived')
})

t.test('status: is polling as soon as the first JSON request is answered, although later ones are held', async t => {
  const { url, requests } = await startServer(t, nothing, answer(204), nothing)
  const polling = Promise.withResolvers<void>()
  const events = watchA(t, url, {
    cursor: 'e.1',
    firstFrameMs: 50,
    onStatus ({ connection }) { if (connection === 'polling') polling.resolve() }
  })

  events.next()
  await polling.promise

  t.match(requests, ['/events/', 'wait=0.001&after=e.1'])
})

t.test('status: has the last failure until the watch is live', async t => {
  const { url } = await startServer(t, answer(503), answer(500), connected)
  const { statuses, onStatus } = record()

  await nextEvent(watchA(t, url, { onStatus }))

  const words = statuses.map(({ connection, failure }) => `${connection} ${failure?.message}`)
  t.strictSame(words, [
    'reconnecting Cannot watch the task: status 503',
    'reconnecting Cannot watch the task: status 500',
    'live undefined'
  ])
})

t.test('status: is refused with the reason, also after the watch has ended', async t => {
  const { url } = await startServer(t, answer(403, { code: 'TASK_FORBIDDEN', detail: 'not for this task' }))
  const { onStatus, connections } = record()
  const events = watchA(t, url, { onStatus })

  await t.rejects(events.next(), { name: 'WatchRefused' })

  t.strictSame(connections(), ['refused'])
  t.match(events.status, { connection: 'refused', failure: { name: 'WatchRefused', status: 403 } })
})

t.test('status: is offline if the browser has no network', async t => {
  t.intercept(globalThis, 'navigator', { value: { onLine: false } })
  t.strictSame(await connectionsOf(t, 1, answer(503), answer(200, task('e.1'))), ['offline', 'polling'])
})

for (const type of ['online', 'offline']) {
  t.test(`status: the event ${type} of the browser ends an attempt and a pause, and misses nothing`, async t => {
    const target = new EventTarget()
    for (const name of ['addEventListener', 'removeEventListener'] as const) {
      t.intercept(globalThis, name as never, { value: target[name].bind(target) })
    }
    const paused = answer(503, undefined, { 'retry-after': '3600' })
    const { url, requests } = await startServer(t, cutStream(hello('e.0')), paused, nothing, answer(200, task('e.1')))
    const fire = (): void => { target.dispatchEvent(new Event(type)) }
    const events = watchA(t, url, { onFailure () { setImmediate(fire) } })
    const next = nextEvent(events)
    while (requests.length < 3) await new Promise(setImmediate)

    fire()

    t.equal((await next).id, 'e.1')
    t.equal(requests.length, 4)
    await events.return()
    fire()
  })
}

t.test('onReport: gets the state of the task from each stream and each JSON answer that has one', async t => {
  const submittedAt = '2026-01-01T00:00:00.000Z'
  const unknown = frame('e.0', 'subscribed', { taskId: 'a', state: 'unknown', gap: false })
  const pending = { ...task('e.1'), taskId: 'a', state: 'pending', submittedAt }
  const { url } = await startServer(t, cutStream(unknown), nothing, answer(204), answer(200, pending))
  const reports: TaskReport[] = []

  await nextEvent(watchA(t, url, { firstFrameMs: 1000, replay: 'all', onReport (one) { reports.push(one) } }))

  t.match(reports, [{ taskId: 'a', state: 'unknown' }, { taskId: 'a', state: 'pending', submittedAt }])
  t.equal(reports.length, 2)
})

t.test('a browser: a watch goes offline and live with the network', { skip }, async t => {
  const { url } = await startRelay(t)
  const page = await open(t, url, { bypassCSP: true })
  const options = { bundle: true, write: false, format: 'iife', globalName: 'relay' } as const
  const { outputFiles: [file] } = await build({ entryPoints: ['src/client/index.ts'], ...options })
  await page.addScriptTag({ content: file?.text ?? '' })
  await page.evaluate(() => {
    const page = globalThis as any
    page.events = page.relay.watchTask('', 'a')
    page.events.next()
  })
  const becomes = (connection: Connection) => page.waitForFunction((connection) => {
    return (globalThis as any).events.status.connection === connection
  }, connection)

  await becomes('live')
  await page.context().setOffline(true)
  await becomes('offline')
  await page.context().setOffline(false)
  await becomes('live')
})

t.test('status: changes no more after the watch has ended', async t => {
  const { url } = await startServer(t, connected)
  const { onStatus, connections } = record()
  const controller = new AbortController()
  const events = watchA(t, url, { onStatus, signal: controller.signal })
  await nextEvent(events)
  controller.abort()
  await t.rejects(nextEvent(events), { name: 'AbortError' })
  t.strictSame(connections(), ['live'])
})
