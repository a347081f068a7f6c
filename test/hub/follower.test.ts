import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { drafts, numbers } from '../../src/conformance/drafts.ts'
import { resolveCursor } from '../../src/hub/cursor.ts'
import { TaskFollower, type Receiver } from '../../src/hub/follower.ts'
import { memoryStore } from '../../src/store/memory/store.ts'
import { MAX_PAGE_BYTES } from '../../src/store/page.ts'
import { fill, failingStore } from '../support/stores.ts'
import { fakeTimeouts } from '../support/timers.ts'
import type { TaskEvent } from '../../src/event.ts'

/** A task with `count` events, and a follower of it that has the first `had` and is about to start. */
async function setUp (count: number, had: number, deliver?: Receiver['deliver']) {
  const store = failingStore()
  await fill(store, 'a', had)
  const position = resolveCursor(undefined, 'none', store.epoch, await store.extent('a'))
  const got: number[] = []
  const follower = new TaskFollower(store, 'a', { deliver: deliver ?? (({ seq }) => got.push(seq) > 0) }, () => { left.push('left') })
  const left: string[] = []
  follower.start(position)
  await fill(store, 'a', count - had)
  const events = await store.read('a', 0, count)
  store.reads = 0
  return { store, follower, got, left, event: (seq: number) => events[seq - 1] as TaskEvent }
}

t.test('follower delivers nothing before it was resumed, and all of it then', async t => {
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

t.test('follower reads from the store what the news left out', async t => {
  const { follower, got, event } = await setUp(3, 0)
  follower.resume()
  follower.notify(event(1))
  follower.notify(event(3))
  await turn()
  t.strictSame(got, [1, 2, 3])
})

t.test('follower does not deliver doubled and old news again', async t => {
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
  const follower = new TaskFollower(store, 'a', { deliver: ({ seq }) => got.push(seq) > 0 }, () => {})
  follower.resume()
  // A poll does not say how many events there are.
  follower.poll()
  while (got.length < 3) await turn()
  t.strictSame(got, [1, 2, 3])
})

t.test('follower begins after its position', async t => {
  const { follower, got, event } = await setUp(5, 3)
  follower.resume()
  follower.notify(event(5))
  await turn()
  t.strictSame(got, [4, 5])
})

t.test('follower keeps an event that was left, and all after it, until it is resumed', async t => {
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

t.test('follower looks at the store without any news', async t => {
  const { follower, got } = await setUp(2, 0)
  follower.resume()
  follower.poll()
  await turn()
  t.strictSame(got, [1, 2])
})

t.test('follower that looks finds all there is, however much that is and however slowly it is taken', async t => {
  const got: number[] = []
  let takes = 10
  const { follower } = await setUp(200, 0, ({ seq }) => takes-- > 0 && got.push(seq) > 0)
  follower.resume()
  // What another process kept: nobody has told how much it is.
  follower.poll()
  await turn()
  t.strictSame(got, numbers(10))
  takes = 1000
  follower.resume()
  while (got.length < 200) await turn()
  t.strictSame(got, numbers(200))
})

t.test('follower that looks and finds nothing still takes the next news', async t => {
  const { store, follower, got, event } = await setUp(1, 0)
  follower.resume()
  follower.notify(event(1))
  follower.poll()
  await turn()
  t.equal(store.reads, 1)
  await fill(store, 'a', 1)
  const { newest } = await store.extent('a')
  follower.notify(newest as TaskEvent)
  t.strictSame(got, [1, 2])
})

t.test('follower takes news that comes while it looks and finds nothing', async t => {
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
  await fill(store, 'a', 1)
  const { newest } = await store.extent('a')
  follower.notify(newest as TaskEvent)
  resolve()
  await turn()
  t.strictSame(got, [1])
})

t.test('follower stop() ends delivery and tells so once', async t => {
  const { follower, got, left, event } = await setUp(2, 0)
  follower.resume()
  follower.notify(event(1))
  follower.stop()
  follower.stop()
  follower.notify(event(2))
  follower.resume()
  await turn()
  t.strictSame(got, [1])
  t.strictSame(left, ['left'])
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

t.test('follower goes on by itself a second after trouble with the store', async t => {
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

t.test('follower waits for the store once, however much news there is meanwhile', async t => {
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

t.test('follower sees every event once and in order, whatever becomes of the news', async t => {
  const news = fc.array(fc.record({ seq: fc.integer({ min: 1, max: 20 }), leave: fc.boolean(), pause: fc.boolean(), trouble: fc.boolean() }), { maxLength: 60 })
  const timeouts = fakeTimeouts(t)

  await fc.assert(fc.asyncProperty(news, async (all) => {
    const got: number[] = []
    let leave = false
    const { store, follower, event } = await setUp(20, 0, ({ seq }) => !leave && got.push(seq) > 0)
    follower.resume()
    for (const { seq, pause, ...mood } of all) {
      leave = mood.leave
      store.isFailing = mood.trouble
      follower.notify(event(seq))
      if (pause) await turn()
      if (!leave) follower.resume()
    }
    leave = store.isFailing = false
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
  t.test(`follower delivers what it is told of ${turns} microtasks after a full page`, async t => {
    const { store, follower, got } = await setUp(64, 0)
    follower.resume()
    for (let done = 0; done < turns; done++) await null
    const { event } = await store.append('a', { event: 'task-update', data: '{}', digest: 'last' })
    follower.notify(event)
    await turn()
    t.strictSame(got, numbers(65))
  })
}
