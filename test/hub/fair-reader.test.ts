import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { localBus } from '../../src/bus/local.ts'
import { drafts, numbers } from '../../src/conformance/drafts.ts'
import type { TaskEvent } from '../../src/event.ts'
import { fairReader, type PageReader } from '../../src/hub/fair-reader.ts'
import { createHub } from '../../src/hub/hub.ts'
import { memoryStore } from '../../src/store/memory/store.ts'

/** A reader whose reads end when the test says so. */
function gatedReader (): PageReader & { readonly started: string[], finish (taskId: string): void } {
  const gates = new Map<string, () => void>()
  const started: string[] = []
  return {
    started,
    async read (taskId) {
      started.push(taskId)
      await new Promise<void>((resolve) => { gates.set(taskId, resolve) })
      return []
    },
    finish (taskId) { gates.get(taskId)?.() }
  }
}

/** Reads page after page without a pause, as a replay to a fast reader does. */
async function replay (reader: PageReader, taskId: string, pages: number): Promise<void> {
  for (let page = 0; page < pages; page++) await reader.read(taskId, `e.${page}`, 64)
}

t.test('fairReader() passes reads and their results through', async t => {
  const { read } = fairReader({ read: async (...args) => [args] as never })
  t.strictSame(await read('a', 'e.3', 64), [['a', 'e.3', 64]])
})

t.test('fairReader() lets the event loop turn after 2 ms of reading', async t => {
  let ms = 0
  const seen: number[] = []
  const reader = fairReader({
    async read () {
      ms++
      return []
    }
  }, () => ms)
  const all = Promise.all(numbers(200).map((n) => replay(reader, String(n), 10)))
  do {
    await turn()
    seen.push(ms)
  } while (seen.at(-1) !== 2000)
  await all

  const perTurn = seen.map((count, i) => count - (seen[i - 1] ?? 0))
  // Reads that have started when the slice ends still run: 4 at most.
  t.ok(Math.max(...perTurn) <= 2 + 4, `${Math.max(...perTurn)} reads in one turn of the event loop`)
})

t.test('fairReader() lets the event loop turn during a single replay', async t => {
  let ms = 0
  const reader = fairReader({ read: async () => { ms++; return [] } }, () => ms)
  let readBefore = 0
  setImmediate(() => { readBefore = ms })
  await replay(reader, 'a', 100)
  t.equal(readBefore, 2)
})

t.test('fairReader() reads at most 4 pages at once', async t => {
  const gated = gatedReader()
  const reader = fairReader(gated)
  const reads = numbers(10).map((n) => reader.read(String(n), undefined, 64))
  await turn()
  t.strictSame(gated.started, numbers(4).map(String))
  gated.finish('3')
  await turn()
  t.strictSame(gated.started, numbers(5).map(String))
  for (const n of numbers(10).map(String)) {
    while (!gated.started.includes(n)) await turn()
    gated.finish(n)
  }
  await Promise.all(reads)
})

t.test('fairReader() lets replays take turns', async t => {
  const order: string[] = []
  const reader = fairReader({ read: async (taskId) => { order.push(taskId); return [] } }, () => order.length)
  await Promise.all(numbers(20).map((n) => replay(reader, String(n), 2)))
  t.strictSame(new Set(order.slice(0, 18)).size, 18, 'no second page comes before the other first pages')
})

t.test('fairReader() reports a failed read and goes on', async t => {
  const reader = fairReader({
    async read (taskId) {
      if (taskId === 'bad') throw new Error('no')
      return []
    }
  })
  const taskIds = numbers(30).map((n) => n % 2 === 0 ? 'bad' : 'good')
  const reads = await Promise.allSettled(taskIds.map((taskId) => reader.read(taskId, undefined, 64)))
  t.equal(reads.filter(({ status }) => status === 'rejected').length, 15)
  t.strictSame(await reader.read('good', undefined, 64), [])
})

t.test('hub: replays and task reads share four reads', async t => {
  const store = memoryStore()
  const taskIds = numbers(20).map(String)
  for (const taskId of taskIds) for (const one of drafts(3)) await store.append(taskId, one)
  let running = 0
  let mostRunning = 0
  const hub = createHub({
    bus: localBus(),
    store: {
      ...store,
      async read (...args) {
        mostRunning = Math.max(mostRunning, ++running)
        await turn()
        running--
        return store.read(...args)
      }
    }
  })
  const delivered: number[] = []
  const deliver = ({ seq }: TaskEvent) => delivered.push(seq) > 0
  const receiver = { deliver, onLost () {} }
  const followers = await Promise.all(taskIds.map((taskId) => hub.follow(taskId, { replay: 'all' }, receiver)))
  for (const { follower } of followers) follower.resume()
  const histories = await Promise.all(taskIds.map((taskId) => hub.history(taskId, undefined)))
  while (delivered.length < 60) await turn()
  t.equal(histories.flatMap(({ events }) => events).length, 60)
  t.equal(mostRunning, 4)
  await hub.close()
})
