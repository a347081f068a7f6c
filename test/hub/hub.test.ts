import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { EventBus } from '../../src/bus/bus.ts'
import { localBus } from '../../src/bus/local.ts'
import { draft, numbers } from '../../src/conformance/drafts.ts'
import { createHub, type Hub } from '../../src/hub/hub.ts'
import { memoryHistory, renewFork } from '../../src/store/memory/history.ts'
import { memoryStore } from '../../src/store/memory/store.ts'
import type { EventStore } from '../../src/store/store.ts'
import { silentBus, gatedBus, slowBus } from '../support/buses.ts'
import { copyMemory } from '../support/histories.ts'
import { failingStore, fill } from '../support/stores.ts'

function open (t: Test, store: EventStore = memoryStore(), bus: EventBus = localBus(), resyncMs?: number): Hub {
  const hub = createHub({ store, bus, resyncMs })
  t.teardown(() => hub.close())
  return hub
}

/** Follows a task and collects the seqs of its events. */
async function collect (hub: Hub, from = {}, taskId = 'a') {
  const got: number[] = []
  const lost: string[] = []
  const { position, follower } = await hub.follow(taskId, from, {
    deliver: ({ seq }) => got.push(seq) > 0,
    onLost (reason) { lost.push(reason) }
  })
  return { got, lost, follower, position }
}

/** Replaces intervals by a function that runs the last one. */
function handInterval (t: Test): () => void {
  let run = (): void => {}
  t.intercept(globalThis, 'setInterval', { value: (given: () => void) => ({ unref () { run = given } }) })
  return () => { run() }
}

t.test('hub publish() appends an event and notifies the followers of its task', async t => {
  const hub = open(t)
  const { got, follower } = await collect(hub)
  follower.resume()
  const { event } = await hub.publish('a', draft('one'))
  await hub.publish('b', draft('one'))
  t.strictSame(got, [1])
  t.strictSame((await hub.history('a', undefined)).events, [event])
})

t.test('hub submissions notify the followers of a task of the events that they append', async t => {
  const store = memoryStore()
  const hub = open(t, store)
  const { got, follower } = await collect(hub)
  follower.resume()
  const patience = { askAfterMs: 0, giveUpMs: 1000 }
  const { submission: { id } } = await hub.submissions.watch({ id: 's', taskId: 'a', step: 'validate' }, patience)
  const [due] = await hub.submissions.claim({ leaseMs: 0, maxQuestions: 1, maxCalls: 2, windowMs: 1000 })
  await hub.submissions.overdue(id, { ...draft('overdue'), event: 'task-overdue' })
  const busy = { ...draft('busy'), about: { step: 'validate', progress: 'busy' } } as const
  await hub.submissions.answer(id, { draft: busy, nextMs: 1 })
  await hub.submissions.answer(id, { nextMs: 1 })
  await hub.submissions.giveUp(id, { ...draft('timeout'), event: 'task-timeout' })
  t.strictSame(got, [1, 2, 3])
  t.equal(due?.id, id)
})

t.test('hub submissions are those of the store', async t => {
  const store = memoryStore()
  const { submissions } = open(t, store)
  const patience = { askAfterMs: 0, giveUpMs: 1000 }
  await submissions.reserve({ id: 'r', step: 'validate' }, patience)
  await submissions.expect('r', 'a')
  await submissions.reserve({ id: 'other', step: 'validate', idempotency: { key: 'k', digest: 'd' } }, patience)
  await submissions.cancel('other')
  await submissions.pause(1000)
  t.ok(await submissions.nextDueMs())
  t.strictSame(await submissions.of('a'), await store.submissions.of('a'))
  t.strictSame(await submissions.counts(), { expected: 1, overdue: 0 })
  t.equal(await submissions.signingKey(), await store.submissions.signingKey())
})

t.test('hub publish() notifies nobody of a repeat', async t => {
  const hub = open(t)
  const { got, follower } = await collect(hub)
  follower.resume()
  await hub.publish('a', draft('one'))
  t.equal((await hub.publish('a', draft('one'))).duplicate, true)
  t.strictSame(got, [1])
})

t.test('hub publish() resolves when the event is kept, even if the bus fails', async t => {
  const publish = (): Promise<void> => Promise.reject(new Error('the bus is down'))
  const hub = open(t, memoryStore(), { ...localBus(), publish })
  const { event } = await hub.publish('a', draft('one'))
  t.strictSame((await hub.history('a', undefined)).events, [event])
})

t.test('hub publish() rejects when the event is not kept', async t => {
  const store = failingStore()
  const hub = open(t, store)
  store.isFailing = true
  await t.rejects(hub.publish('a', draft('one')), { code: 'STORE_UNAVAILABLE' })
})

t.test('hub follow() subscribes before it reads: an event in between is not missed', async t => {
  const store = memoryStore()
  const hub = open(t, store, slowBus())
  await fill(store, 'a', 2)
  const following = collect(hub, { replay: 'all' })
  await hub.publish('a', draft('during'))
  const { got, follower } = await following
  await hub.publish('a', draft('before the start'))
  follower.resume()
  await hub.publish('a', draft('after'))
  while (got.length < 5) await turn()
  t.strictSame(got, [1, 2, 3, 4, 5])
})

t.test('hub follow() starts at the cursor', async t => {
  const store = memoryStore()
  const hub = open(t, store)
  await fill(store, 'a', 3)
  const { got, follower, position } = await collect(hub, { cursor: `${store.epoch}.1` })
  t.match(position, { after: 1, gap: false, cursor: `${store.epoch}.1`, extent: { first: 1, last: 3 } })
  follower.resume()
  await turn()
  t.strictSame(got, [2, 3])
})

t.test('hub follow() replays the newest event by default', async t => {
  const store = memoryStore()
  const hub = open(t, store)
  await fill(store, 'a', 3)
  const { got, follower } = await collect(hub)
  follower.resume()
  await turn()
  t.strictSame(got, [3])
})

t.test('hub follow() subscribes once for all followers of a task, while there are any', async t => {
  const bus = gatedBus()
  const hub = open(t, memoryStore(), bus)
  const [one, two] = await Promise.all([collect(hub), collect(hub)])
  t.equal(bus.subscriptions, 1)
  one.follower.stop()
  await turn()
  t.equal(bus.subscriptions, 1)
  two.follower.stop()
  await turn()
  t.equal(bus.subscriptions, 0)
})

t.test('hub follow() misses nothing while the last follower of the task leaves', async t => {
  const hub = open(t, memoryStore(), slowBus())
  const first = await collect(hub)
  first.follower.stop()
  const { got, follower } = await collect(hub)
  follower.resume()
  await hub.publish('a', draft('one'))
  while (got.length < 1) await turn()
  t.strictSame(got, [1])
})

t.test('hub follow() rejects when it cannot subscribe, and works when it can', async t => {
  const bus = localBus()
  let works = false
  const subscribe: EventBus['subscribe'] = (...args) => {
    return works ? bus.subscribe(...args) : Promise.reject(new Error('the bus is down'))
  }
  const hub = open(t, memoryStore(), { ...bus, subscribe })
  for (const following of [collect(hub), collect(hub)]) await t.rejects(following, { message: 'the bus is down' })
  works = true
  const { got, follower } = await collect(hub)
  follower.resume()
  await hub.publish('a', draft('one'))
  t.strictSame(got, [1])
})

t.test('hub follow() rejects when the past cannot be read, and leaves nothing behind', async t => {
  const store = failingStore()
  const bus = gatedBus()
  const hub = open(t, store, bus)
  store.isFailing = true
  await t.rejects(collect(hub), { code: 'STORE_UNAVAILABLE' })
  await turn()
  t.equal(bus.subscriptions, 0)
})

t.test('hub finds events in the store that the bus did not report', async t => {
  const hub = open(t, memoryStore(), silentBus(), 1)
  const { got, follower } = await collect(hub)
  follower.resume()
  await hub.publish('a', draft('one'))
  await hub.publish('a', draft('two'))
  while (got.length < 2) await turn()
  t.strictSame(got, [1, 2])
})

t.test('hub polls the store for all followed tasks when its own news was missed', async t => {
  const bus = silentBus()
  const store = memoryStore()
  // As a store whose own appends are no news to it.
  const hub = open(t, { ...store, moved: async () => new Map() }, bus)
  const both = [await collect(hub, {}, 'a'), await collect(hub, {}, 'b')]
  for (const { follower } of both) follower.resume()
  for (const taskId of ['a', 'b']) await hub.publish(taskId, draft('one'))
  bus.miss()
  await turn()
  t.strictSame(both.map(({ got }) => got), [[1], [1]])
})

t.test('hub asks again when news was missed while it asked', async t => {
  const bus = silentBus()
  const answers: Array<(moved: Map<string, string>) => void> = []
  const moved = (): Promise<Map<string, string>> => new Promise((resolve) => { answers.push(resolve) })
  const hub = open(t, { ...memoryStore(), publishes: true, moved }, bus)
  const { got, follower } = await collect(hub)
  follower.resume()
  bus.miss()
  const { event } = await hub.publish('a', draft('one'))
  for (let n = 0; n < 2; n++) bus.miss()
  t.equal(answers.length, 1)
  answers[0]?.(new Map())
  await turn()
  t.strictSame([answers.length, got], [2, []])
  answers[1]?.(new Map([['a', event.id]]))
  await turn()
  t.strictSame([answers.length, got], [2, [1]])
})

t.test('hub asks a store that publishes for the tasks that moved when news was missed', async t => {
  const bus = silentBus()
  const store = failingStore()
  const hub = open(t, Object.assign(store, { publishes: true }), bus)
  const both = [await collect(hub, {}, 'a'), await collect(hub, {}, 'b')]
  for (const { follower } of both) follower.resume()
  await hub.publish('a', draft('one'))
  store.reads = 0
  bus.miss()
  await turn()
  t.strictSame(both.map(({ got }) => got), [[1], []])
  t.equal(store.reads, 1)
})

t.test('hub publishes no news of a store that publishes', async t => {
  const bus = localBus()
  const published: string[] = []
  const hub = open(t, { ...memoryStore(), publishes: true }, { ...bus, async publish ({ id }) { published.push(id) } })
  await hub.publish('a', draft('one'))
  t.strictSame(published, [])
})

t.test('hub follow() delivers an event whose append was rejected although it was kept', async t => {
  const store = memoryStore()
  let fails = true
  const hub = open(t, {
    ...store,
    async append (...args) {
      const appended = await store.append(...args)
      if (!fails) return appended
      fails = false
      throw new Error('the answer was lost')
    }
  }, localBus(), 1)
  const { got, follower } = await collect(hub)
  follower.resume()
  await t.rejects(hub.publish('a', draft('one')), { message: 'the answer was lost' })
  t.match(await hub.publish('a', draft('one')), { event: { seq: 1 }, duplicate: true })
  while (got.length === 0) await turn()
  t.strictSame(got, [1])
})

t.test('hub ends a follower whose history was put back, and a new one with its cursor gets a gap', async t => {
  const history = memoryHistory()
  const store = memoryStore({}, history)
  const hub = open(t, store, localBus(), 1)
  await fill(store, 'a', 1)
  const restore = copyMemory(history)
  const { follower, got, lost } = await collect(hub, { replay: 'all' })
  follower.resume()
  const { event } = await hub.publish('a', draft('lost'))
  restore()
  renewFork(history)
  while (lost.length === 0) await turn()
  t.strictSame([got, lost], [[1, 2], ['history-lost']])

  const again = await collect(hub, { cursor: event.id })
  again.follower.resume()
  await hub.publish('a', draft('another'))
  await turn()
  t.strictSame(again.position.gap, true)
  t.strictSame(again.got, [1, 2])
})

t.test('hub history() resolves with all events after a cursor', async t => {
  const store = memoryStore()
  const hub = open(t, store)
  await fill(store, 'a', 600)
  const { position, events } = await hub.history('a', `${store.epoch}.3`)
  t.match(position, { after: 3, gap: false })
  t.strictSame(events.map(({ seq }) => seq), numbers(600).slice(3))
})

t.test('hub history() resolves with all events without a known cursor', async t => {
  const store = memoryStore()
  const hub = open(t, store)
  await fill(store, 'a', 2)
  for (const cursor of [undefined, 'other.1', `${store.epoch}.9`]) {
    t.equal((await hub.history('a', cursor)).events.length, 2)
  }
})

t.test('hub history() resolves with nothing when the task is erased while it reads', async t => {
  const store = memoryStore()
  const hub = open(t, { ...store, read: async () => undefined })
  await fill(store, 'a', 2)
  t.strictSame((await hub.history('a', undefined)).events, [])
})

t.test('hub trim() keeps the tasks that are followed', async t => {
  let time = 0
  const store = memoryStore({ now: () => time })
  const hub = open(t, store)
  for (const taskId of ['a', 'b']) await fill(store, taskId, 1)
  const { follower } = await collect(hub)
  time = 1000
  t.equal(await hub.trim(1000), 1)
  follower.stop()
  t.equal(await hub.trim(1000), 1)
})

t.test('hub check() rejects while the store fails', async t => {
  const store = failingStore()
  const hub = open(t, store)
  await hub.check()
  store.isFailing = true
  await t.rejects(hub.check(), { code: 'STORE_UNAVAILABLE' })
})

t.test('hub close() closes bus and store, and is idempotent', async t => {
  const hub = open(t)
  const { got, follower } = await collect(hub)
  follower.resume()
  await hub.close()
  await hub.close()
  await t.rejects(hub.publish('a', draft('one')), { code: 'STORE_UNAVAILABLE' })
  t.strictSame(got, [])
})

t.test('hub follow() delivers events of another process, also after the store failed', async t => {
  const store = memoryStore()
  let asked = 0
  const moved: EventStore['moved'] = (newest) => {
    return asked++ === 0 ? Promise.reject(new Error('unavailable')) : store.moved(newest)
  }
  const hub = open(t, { ...store, moved }, localBus(), 1)
  const { got, follower } = await collect(hub)
  follower.resume()
  await store.append('a', draft('one'))
  while (got.length === 0) await turn()
  t.strictSame(got, [1])
})

t.test('hub polls a moved task once, until it moves again', async t => {
  const tick = handInterval(t)
  const store = failingStore()
  const { got, follower } = await collect(open(t, store))
  follower.resume()
  await store.append('a', draft('one'))
  for (let ticks = 0; ticks < 3; ticks++) {
    tick()
    await turn()
  }
  t.strictSame(got, [1])
  t.equal(store.reads, 1)
})

t.test('hub asks its store for moved tasks once at a time, and not without followers', async t => {
  const tick = handInterval(t)
  const answers: Array<(moved: Map<string, string>) => void> = []
  const moved = (): Promise<Map<string, string>> => new Promise((resolve) => { answers.push(resolve) })
  const hub = open(t, { ...memoryStore(), moved })
  tick()
  t.equal(answers.length, 0)
  const { follower } = await collect(hub)
  tick()
  tick()
  t.equal(answers.length, 1)
  follower.stop()
  // The follower has left: nobody is polled.
  answers[0]?.(new Map([['a', 'other.1']]))
  await turn()
  await collect(hub)
  tick()
  t.equal(answers.length, 2)
})

t.test('hub erase() ends the followers of a task, and erases callbacks about it', async t => {
  const store = memoryStore()
  const hub = open(t, store)
  await fill(store, 'a', 2)
  for (const body of ['about a', 'about b']) {
    await store.quarantine.hold({ step: 'validate', body, reason: 'it is odd', digest: body })
  }
  const { got, lost, follower } = await collect(hub)
  follower.resume()
  const other = await collect(hub, {}, 'b')
  other.follower.resume()
  t.strictSame(await hub.erase('a', ({ body }) => body === 'about a'), { events: 2, callbacks: 1 })
  await turn()
  t.strictSame([got, lost, other.lost], [[2], ['erased'], []])
  t.strictSame((await store.quarantine.list()).map(({ id }) => id), [2])
})

t.test('hub erase() misses no callback that leaves the quarantine in the meantime', async t => {
  const store = memoryStore()
  await store.quarantine.hold({ step: 'validate', body: '{}', reason: 'it is odd', digest: 'one' })
  const list = async (): ReturnType<typeof store.quarantine.list> => {
    const held = await store.quarantine.list()
    await store.quarantine.drop(1)
    return held
  }
  const hub = open(t, { ...store, quarantine: { ...store.quarantine, list } })
  t.strictSame(await hub.erase('a', () => true), { events: 0, callbacks: 0 })
})

for (const method of ['get', 'release'] as const) {
  t.test(`hub replay() skips a callback that leaves the quarantine before ${method}()`, async t => {
    const store = memoryStore()
    const { quarantine } = store
    for (const digest of ['one', 'two']) {
      await quarantine.hold({ step: 'validate', body: '{}', reason: 'it is odd', digest })
    }
    const hub = open(t, {
      ...store,
      quarantine: {
        ...quarantine,
        async [method] (...args: never) {
          await quarantine.drop(1)
          return (quarantine[method] as (...args: never) => never)(...args)
        }
      }
    })
    const replayed = await hub.replay(({ id }) => ({ taskId: 'a', draft: draft(`${id}`) }))
    t.match(replayed, [{ id: 2, event: { taskId: 'a', seq: 1 } }])
    t.equal(replayed.length, 1)
  })
}
