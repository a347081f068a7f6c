import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { EventBus } from '../../src/bus/bus.ts'
import { localBus } from '../../src/bus/local.ts'
import { draft, numbers } from '../../src/conformance/drafts.ts'
import { createHub, type Hub } from '../../src/hub/hub.ts'
import { memoryStore } from '../../src/store/memory/store.ts'
import type { EventStore } from '../../src/store/store.ts'
import { silentBus, gatedBus, slowBus } from '../support/buses.ts'
import { fill, failingStore } from '../support/stores.ts'

function open (t: Test, store: EventStore = memoryStore(), bus: EventBus = localBus(), resyncMs?: number): Hub {
  const hub = createHub({ store, bus, resyncMs })
  t.teardown(() => hub.close())
  return hub
}

/** Follows a task and collects the seqs that come. */
async function collect (hub: Hub, from = {}) {
  const got: number[] = []
  const { position, follower } = await hub.follow('a', from, { deliver: ({ seq }) => got.push(seq) > 0 })
  return { got, follower, position }
}

t.test('hub publish() keeps an event and tells the followers of its task', async t => {
  const hub = open(t)
  const { got, follower } = await collect(hub)
  follower.resume()
  const { event } = await hub.publish('a', draft('one'))
  await hub.publish('b', draft('one'))
  t.strictSame(got, [1])
  t.strictSame((await hub.history('a', undefined)).events, [event])
})

t.test('hub submissions tell the followers of a task of the events that they append', async t => {
  const store = memoryStore()
  const hub = open(t, store)
  const { got, follower } = await collect(hub)
  follower.resume()
  const patience = { askAfterMs: 0, giveUpMs: 1000 }
  const { submission: { id } } = await hub.submissions.watch({ id: 's', taskId: 'a', step: 'validate' }, patience)
  const [due] = await hub.submissions.claim({ leaseMs: 0, maxQuestions: 1, maxCalls: 2, windowMs: 1000 })
  await hub.submissions.overdue(id, { ...draft('overdue'), event: 'task-overdue' })
  await hub.submissions.answer(id, { draft: { ...draft('busy'), about: { step: 'validate', progress: 'busy' } }, nextMs: 1 })
  await hub.submissions.answer(id, { nextMs: 1 })
  await hub.submissions.giveUp(id, { ...draft('timeout'), event: 'task-timeout' })
  t.strictSame(got, [1, 2, 3])
  t.equal(due?.id, id)
})

t.test('hub submissions are those of the store', async t => {
  const store = memoryStore()
  const { submissions } = open(t, store)
  await submissions.reserve({ id: 'r', step: 'validate' })
  await submissions.expect('r', 'a', { askAfterMs: 0, giveUpMs: 1000 })
  await submissions.reserve({ id: 'other', step: 'validate', idempotency: { key: 'k', digest: 'd' } })
  await submissions.cancel('other')
  await submissions.pause(1000)
  t.ok(await submissions.nextDueMs())
  t.strictSame(await submissions.of('a'), await store.submissions.of('a'))
  t.strictSame(await submissions.counts(), { expected: 1, overdue: 0 })
  t.equal(await submissions.signingKey(), await store.submissions.signingKey())
})

t.test('hub publish() tells nobody of a repeat', async t => {
  const hub = open(t)
  const { got, follower } = await collect(hub)
  follower.resume()
  await hub.publish('a', draft('one'))
  t.equal((await hub.publish('a', draft('one'))).duplicate, true)
  t.strictSame(got, [1])
})

t.test('hub publish() resolves when the event is kept, even if the bus fails', async t => {
  const hub = open(t, memoryStore(), { ...localBus(), publish: () => Promise.reject(new Error('the bus is down')) })
  const { event } = await hub.publish('a', draft('one'))
  t.strictSame((await hub.history('a', undefined)).events, [event])
})

t.test('hub publish() rejects when the event is not kept', async t => {
  const store = failingStore()
  const hub = open(t, store)
  store.isFailing = true
  await t.rejects(hub.publish('a', draft('one')), { code: 'STORE_UNAVAILABLE' })
})

t.test('hub follow() listens before it looks: what comes in between is not missed', async t => {
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

t.test('hub follow() starts where the cursor says', async t => {
  const store = memoryStore()
  const hub = open(t, store)
  await fill(store, 'a', 3)
  const { got, follower, position } = await collect(hub, { cursor: `${store.epoch}.1` })
  t.match(position, { after: 1, gap: false, cursor: `${store.epoch}.1`, extent: { first: 1, last: 3 } })
  follower.resume()
  await turn()
  t.strictSame(got, [2, 3])
})

t.test('hub follow() replays the newest event when it is told nothing', async t => {
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

t.test('hub follow() by one who comes as the last one leaves misses nothing', async t => {
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
  const subscribe: EventBus['subscribe'] = (...args) => works ? bus.subscribe(...args) : Promise.reject(new Error('the bus is down'))
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

t.test('hub looks at the store from time to time when the bus may lose news', async t => {
  const hub = open(t, memoryStore(), silentBus(), 1)
  const { got, follower } = await collect(hub)
  follower.resume()
  await hub.publish('a', draft('one'))
  await hub.publish('a', draft('two'))
  while (got.length < 2) await turn()
  t.strictSame(got, [1, 2])
})

t.test('hub history() gives everything after a cursor, however much it is', async t => {
  const store = memoryStore()
  const hub = open(t, store)
  await fill(store, 'a', 600)
  const { position, events } = await hub.history('a', `${store.epoch}.3`)
  t.match(position, { after: 3, gap: false })
  t.strictSame(events.map(({ seq }) => seq), numbers(600).slice(3))
})

t.test('hub history() gives everything when the cursor is none or not known', async t => {
  const store = memoryStore()
  const hub = open(t, store)
  await fill(store, 'a', 2)
  for (const cursor of [undefined, 'other.1', `${store.epoch}.9`]) t.equal((await hub.history('a', cursor)).events.length, 2)
})

t.test('hub history() ends when the events vanish while it reads', async t => {
  const store = memoryStore()
  const hub = open(t, { ...store, read: async () => [] })
  await fill(store, 'a', 2)
  t.strictSame((await hub.history('a', undefined)).events, [])
})

t.test('hub trim() leaves the tasks that are followed', async t => {
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

t.test('hub check() rejects while the store is in trouble', async t => {
  const store = failingStore()
  const hub = open(t, store)
  await hub.check()
  store.isFailing = true
  await t.rejects(hub.check(), { code: 'STORE_UNAVAILABLE' })
})

t.test('hub close() closes bus and store, and may be called twice', async t => {
  const hub = open(t)
  const { got, follower } = await collect(hub)
  follower.resume()
  await hub.close()
  await hub.close()
  await t.rejects(hub.publish('a', draft('one')), { code: 'STORE_UNAVAILABLE' })
  t.strictSame(got, [])
})

t.test('hub follow() gets what another process has appended, also after a store in trouble', async t => {
  const store = memoryStore()
  let asked = 0
  async function changedElsewhere (): Promise<boolean> {
    if (asked++ === 0) throw new Error('in trouble')
    return true
  }
  const hub = open(t, { ...store, changedElsewhere }, localBus(), 1)
  const { got, follower } = await collect(hub)
  follower.resume()
  await store.append('a', draft('one'))
  while (got.length === 0) await turn()
  t.strictSame(got, [1])
})

t.test('hub asks its store for what others have written once at a time, however long the answer takes', async t => {
  let ask = (): void => {}
  t.intercept(globalThis, 'setInterval', { value: (run: () => void) => ({ unref: () => { ask = run } }) })
  const answers: Array<(changed: boolean) => void> = []
  const changedElsewhere = (): Promise<boolean> => new Promise((resolve) => { answers.push(resolve) })
  const { follower } = await collect(open(t, { ...memoryStore(), changedElsewhere }))
  ask()
  ask()
  t.equal(answers.length, 1)
  answers[0]?.(false)
  await turn()
  ask()
  t.equal(answers.length, 2)
  follower.stop()
})
