import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { drafts, numbers, readAll } from '../../src/conformance/drafts.ts'
import { resolveCursor } from '../../src/hub/cursor.ts'
import { TaskFollower, type Receiver } from '../../src/hub/follower.ts'
import { memoryHistory, renewFork } from '../../src/store/memory/history.ts'
import { memoryStore } from '../../src/store/memory/store.ts'
import { MAX_PAGE_BYTES } from '../../src/store/page.ts'
import type { EventStore } from '../../src/store/store.ts'
import { copyMemory } from '../support/histories.ts'
import { failingStore, fill } from '../support/stores.ts'
import { fakeTimeouts } from '../support/timers.ts'
import type { TaskEvent } from '../../src/event.ts'

/** Creates a task with `count` events, and a follower that has the first `had` of them. */
async function setUp (count: number, had: number, deliver?: Receiver['deliver']) {
  const history = memoryHistory()
  const store = failingStore(memoryStore({}, history))
  await fill(store, 'a', had)
  const position = resolveCursor(undefined, 'none', await store.extent('a'))
  const got: number[] = []
  const lost: string[] = []
  const stops: string[] = []
  const receiver: Receiver = {
    deliver: deliver ?? (({ seq }) => got.push(seq) > 0),
    onLost (reason) { lost.push(reason) }
  }
  const host = { onRead () {}, onStop () { stops.push('stopped') } }
  const follower = new TaskFollower('a', receiver, { source: store, host })
  follower.start(position)
  await fill(store, 'a', count - had)
  const events = await readAll(store, 'a')
  store.reads = 0
  return { history, store, follower, got, lost, stops, event: (seq: number) => events[seq - 1] as TaskEvent }
}

/** Appends an event that equals no other one. */
async function append (store: EventStore): Promise<TaskEvent> {
  await fill(store, 'a', 1)
  return (await store.extent('a')).newest as TaskEvent
}

t.test('follower delivers nothing before resume(), and everything after it', async t => {
  const { follower, got, event } = await setUp(2, 0)
  follower.notify(event(1))
  follower.notify(event(2))
  await turn()
  t.strictSame(got, [])
  follower.resume()
  await turn()
  t.strictSame(got, [1, 2])
})

t.test('follower delivers contiguous news from the news itself', async t => {
  const { store, follower, got, event } = await setUp(3, 0)
  follower.resume()
  for (const seq of [1, 2, 3]) follower.notify(event(seq))
  t.strictSame(got, [1, 2, 3], 'at once')
  t.equal(store.reads, 0)
})

t.test('follower reads events from the store that the news left out', async t => {
  const { follower, got, event } = await setUp(3, 0)
  follower.resume()
  follower.notify(event(1))
  follower.notify(event(3))
  await turn()
  t.strictSame(got, [1, 2, 3])
})

t.test('follower ignores doubled and old news', async t => {
  const { store, follower, got, event } = await setUp(2, 0)
  follower.resume()
  for (const seq of [1, 1, 2, 1, 2]) follower.notify(event(seq))
  await turn()
  t.strictSame(got, [1, 2])
  t.equal(store.reads, 0)
})

t.test('follower puts reordered news in order', async t => {
  const { follower, got, event } = await setUp(3, 0)
  follower.resume()
  for (const seq of [3, 1, 2]) follower.notify(event(seq))
  await turn()
  t.strictSame(got, [1, 2, 3])
})

t.test('follower reads page after page', async t => {
  const { store, follower, got, event } = await setUp(200, 0)
  follower.resume()
  follower.notify(event(200))
  while (got.length < 200) await turn()
  t.strictSame(got, numbers(200))
  t.equal(store.reads, 4)
})

t.test('follower goes on after a page that ends because of its size', async t => {
  const store = memoryStore()
  const data = JSON.stringify('x'.repeat(MAX_PAGE_BYTES))
  for (const one of drafts(3)) await store.append('a', { ...one, data })
  const got: number[] = []
  const receiver = { deliver: ({ seq }: TaskEvent) => got.push(seq) > 0, onLost () {} }
  const host = { onRead () {}, onStop () {} }
  const follower = new TaskFollower('a', receiver, { source: store, host })
  follower.start(resolveCursor(undefined, 'all', { ...await store.extent('a'), newest: undefined }))
  follower.resume()
  // A poll does not say how many events there are.
  follower.poll()
  while (got.length < 3) await turn()
  t.strictSame(got, [1, 2, 3])
})

t.test('follower starts after its position', async t => {
  const { follower, got, event } = await setUp(5, 3)
  follower.resume()
  follower.notify(event(5))
  await turn()
  t.strictSame(got, [4, 5])
})

t.test('follower delivers a refused event, and all after it, after resume()', async t => {
  const got: number[] = []
  let takes = 1
  const { follower, event } = await setUp(3, 0, ({ seq }) => takes-- > 0 && got.push(seq) > 0)
  follower.resume()
  for (const seq of [1, 2, 3]) follower.notify(event(seq))
  await turn()
  t.strictSame(got, [1])
  takes = 1
  follower.resume()
  await turn()
  t.strictSame(got, [1, 2])
  takes = 10
  follower.resume()
  await turn()
  t.strictSame(got, [1, 2, 3])
})

t.test('follower poll() reads the store without any news', async t => {
  const { follower, got } = await setUp(2, 0)
  follower.resume()
  follower.poll()
  await turn()
  t.strictSame(got, [1, 2])
})

t.test('follower poll() finds all events, however many there are and however slowly they are taken', async t => {
  const got: number[] = []
  let takes = 10
  const { follower } = await setUp(200, 0, ({ seq }) => takes-- > 0 && got.push(seq) > 0)
  follower.resume()
  // As after appends of another process: their number is unknown.
  follower.poll()
  await turn()
  t.strictSame(got, numbers(10))
  takes = 1000
  follower.resume()
  while (got.length < 200) await turn()
  t.strictSame(got, numbers(200))
})

t.test('follower delivers the next news after a poll() that finds nothing', async t => {
  const { store, follower, got, event } = await setUp(1, 0)
  follower.resume()
  follower.notify(event(1))
  follower.poll()
  await turn()
  t.equal(store.reads, 1)
  follower.notify(await append(store))
  t.strictSame(got, [1, 2])
})

t.test('follower delivers news that comes during a poll() that finds nothing', async t => {
  const { store, follower, got } = await setUp(0, 0)
  const { promise, resolve } = Promise.withResolvers<void>()
  const read = store.read.bind(store)
  store.read = async (...args) => {
    const events = await read(...args)
    await promise
    return events
  }
  follower.resume()
  follower.poll()
  await turn()
  follower.notify(await append(store))
  resolve()
  await turn()
  t.strictSame(got, [1])
})

t.test('follower stop() ends delivery and calls onStop once', async t => {
  const { follower, got, stops, event } = await setUp(2, 0)
  follower.resume()
  follower.notify(event(1))
  follower.stop()
  follower.stop()
  follower.notify(event(2))
  follower.resume()
  await turn()
  t.strictSame(got, [1])
  t.strictSame(stops, ['stopped'])
})

t.test('follower stop() ends delivery at once when it is called during one', async t => {
  const got: number[] = []
  const { follower, event } = await setUp(3, 0, ({ seq }) => {
    follower.stop()
    return got.push(seq) > 0
  })
  follower.resume()
  follower.notify(event(3))
  await turn()
  follower.notify(event(2))
  t.strictSame(got, [1])
})

t.test('follower tries again a second after the store failed', async t => {
  const timeouts = fakeTimeouts(t)
  const { store, follower, got, event } = await setUp(3, 0)
  follower.resume()
  store.isFailing = true
  follower.notify(event(3))
  await turn()
  t.strictSame(got, [])
  t.strictSame(timeouts.delays, [1000])

  timeouts.fire()
  await turn()
  t.strictSame(timeouts.delays, [1000], 'and tries again while it lasts')

  store.isFailing = false
  timeouts.fire()
  await turn()
  t.strictSame(got, [1, 2, 3])
  t.strictSame(timeouts.delays, [])
})

t.test('follower waits for the store once, however much news there is in the meantime', async t => {
  const timeouts = fakeTimeouts(t)
  const { store, follower, event } = await setUp(3, 0)
  follower.resume()
  store.isFailing = true
  for (const seq of [2, 3, 3]) {
    follower.notify(event(seq))
    await turn()
  }
  t.strictSame(timeouts.delays, [1000])
  follower.stop()
  t.strictSame(timeouts.delays, [], 'and not at all when it has stopped')
})

t.test('follower delivers every event once and in order, whatever happens to the news', async t => {
  const flags = { refuse: fc.boolean(), pause: fc.boolean(), isFailing: fc.boolean() }
  const news = fc.array(fc.record({ seq: fc.integer({ min: 1, max: 20 }), ...flags }), { maxLength: 60 })
  const timeouts = fakeTimeouts(t)

  await fc.assert(fc.asyncProperty(news, async (all) => {
    const got: number[] = []
    let refuse = false
    const { store, follower, event } = await setUp(20, 0, ({ seq }) => !refuse && got.push(seq) > 0)
    follower.resume()
    for (const { seq, pause, ...flags } of all) {
      refuse = flags.refuse
      store.isFailing = flags.isFailing
      follower.notify(event(seq))
      if (pause) await turn()
      if (!refuse) follower.resume()
    }
    refuse = store.isFailing = false
    follower.resume()
    follower.notify(event(20))
    while (got.length < 20) {
      timeouts.fire()
      await turn()
    }
    return got.join() === numbers(20).join()
  }), { numRuns: 200 })
  t.pass()
})

for (const turns of numbers(10)) {
  t.test(`follower delivers an event that is kept ${turns} microtasks after a full page`, async t => {
    const { store, follower, got } = await setUp(64, 0)
    follower.resume()
    for (let done = 0; done < turns; done++) await null
    const { event } = await store.append('a', { event: 'task-update', data: '{}', digest: 'last' })
    follower.notify(event)
    await turn()
    t.strictSame(got, numbers(65))
  })
}

t.test('follower delivers news of another fork without a loss, and goes on from the news', async t => {
  const { history, store, follower, got, lost } = await setUp(2, 0)
  follower.resume()
  follower.poll()
  await turn()
  renewFork(history)
  store.reads = 0
  follower.notify(await append(store))
  await turn()
  t.equal(store.reads, 1, 'asks the store')
  follower.notify(await append(store))
  t.strictSame(got, [1, 2, 3, 4])
  t.equal(store.reads, 1, 'and knows the fork then')
  t.strictSame(lost, [])
})

t.test('follower reads a task over its forks', async t => {
  const { history, store, follower, got, lost } = await setUp(1, 0)
  for (let forks = 0; forks < 3; forks++) {
    renewFork(history)
    await fill(store, 'a', 40)
  }
  follower.resume()
  follower.poll()
  while (got.length < 121) await turn()
  t.strictSame(got, numbers(121))
  t.strictSame(lost, [])
})

/** Creates a follower that has 3 events, 1 of which is left after the history was put back. */
async function setUpLoss () {
  const parts = await setUp(1, 1)
  const { history, store, follower } = parts
  const restore = copyMemory(history)
  follower.resume()
  follower.notify(await append(store))
  follower.notify(await append(store))
  restore()
  renewFork(history)
  return parts
}

t.test('follower loses its position at news of a history that was put back, once', async t => {
  const { store, follower, got, lost, stops } = await setUpLoss()
  const two = await append(store)
  follower.notify(two)
  follower.notify(two)
  await turn()
  follower.notify(await append(store))
  follower.poll()
  await turn()
  t.strictSame(got, [2, 3])
  t.strictSame(lost, ['history-lost'])
  t.strictSame(stops, ['stopped'])
})

t.test('follower loses its position at a poll of a history that was put back, before anything is appended', async t => {
  const { follower, lost } = await setUpLoss()
  follower.poll()
  await turn()
  t.strictSame(lost, ['history-lost'])
})

t.test('follower loses its position at news with its next seq, of a history that was put back', async t => {
  const { store, follower, got, lost } = await setUpLoss()
  await fill(store, 'a', 2)
  follower.notify(await append(store))
  await turn()
  t.strictSame(got, [2, 3])
  t.strictSame(lost, ['history-lost'])
})

t.test('follower that was stalled loses its position when it is resumed', async t => {
  let isFull = false
  const { history, store, follower, lost } = await setUp(1, 1, () => !isFull)
  const restore = copyMemory(history)
  follower.resume()
  follower.notify(await append(store))
  isFull = true
  follower.notify(await append(store))
  restore()
  renewFork(history)
  follower.notify(await append(store))
  await turn()
  t.strictSame(lost, [])
  isFull = false
  follower.resume()
  await turn()
  t.strictSame(lost, ['history-lost'])
})

t.test('follower loses its position at news that comes during a read of the earlier history', async t => {
  const { history, store, follower, got, lost } = await setUp(1, 1)
  const restore = copyMemory(history)
  await fill(store, 'a', 2)
  const gate = Promise.withResolvers<void>()
  const { read } = store
  store.read = async (...args) => {
    const events = await read(...args)
    await gate.promise
    return events
  }
  follower.resume()
  follower.poll()
  restore()
  renewFork(history)
  follower.notify(await append(store))
  gate.resolve()
  await turn()
  t.strictSame(got, [2, 3])
  t.strictSame(lost, ['history-lost'])
})

t.test('follower that is stopped while its loss is found reports nothing', async t => {
  const { store, follower, lost } = await setUpLoss()
  const { extent } = store
  store.extent = async (taskId) => {
    follower.stop()
    return extent(taskId)
  }
  follower.poll()
  await turn()
  t.strictSame(lost, [])
})

t.test('follower that cannot read why its position is lost tries again', async t => {
  const timeouts = fakeTimeouts(t)
  const { store, follower, lost } = await setUpLoss()
  const { extent } = store
  store.extent = () => Promise.reject(new Error('unavailable'))
  follower.poll()
  await turn()
  t.strictSame([lost, timeouts.delays], [[], [1000]])
  store.extent = extent
  timeouts.fire()
  await turn()
  t.strictSame(lost, ['history-lost'])
})
