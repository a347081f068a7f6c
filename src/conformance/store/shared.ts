import type { Cases } from './cases.ts'
import { delivered } from './deliveries.ts'
import { draft, drafts, numbers, readAll, seqs } from '../drafts.ts'
import type { HeldDraft } from '../../event.ts'

const held: HeldDraft = { step: 'validate', body: '{}', reason: 'it is odd', digest: 'held' }
const nobody = (): boolean => false

/** Two stores that are open on one history at once. */
export const SHARED_CASES: Cases = {
  async 'append() orders drafts of both without a hole, and no id comes twice' (t, open) {
    const stores = [await open(), await open()] as const
    const appended = await Promise.all(drafts(50).flatMap((one) => [
      stores[0].append('a', one), stores[1].append('a', { ...one, digest: `other ${one.digest}` })
    ]))
    t.equal(new Set(appended.map(({ event }) => event.id)).size, 100)
    for (const store of stores) {
      const kept = await readAll(store, 'a')
      t.strictSame(seqs(kept), numbers(100))
      t.strictSame(kept, appended.map(({ event }) => event).sort((a, b) => a.seq - b.seq))
    }
  },

  async 'append() keeps one of twenty equal drafts from both' (t, open) {
    const stores = [await open(), await open()] as const
    const equal = numbers(10).flatMap(() => stores.map((store) => store.append('a', draft('equal'))))
    const appended = await Promise.all(equal)
    t.equal(appended.filter(({ duplicate }) => !duplicate).length, 1)
    t.equal(new Set(appended.map(({ event }) => event.id)).size, 1)
  },

  async 'append() accepts one of two bodies under one key' (t, open) {
    const stores = [await open(), await open()] as const
    const settled = await Promise.allSettled(stores.map((store, i) => store.append('a', delivered(`body ${i}`, 'key'))))
    t.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1)
    t.strictSame(seqs(await readAll(stores[0], 'a')), [1])
  },

  async 'quarantine.release() by both appends one event' (t, open) {
    const stores = [await open(), await open()] as const
    await stores[0].quarantine.hold(held)
    const released = await Promise.all(stores.map((store) => store.quarantine.release(1, 'a', draft('one'))))
    t.equal(released.filter((one) => one !== undefined).length, 1)
    t.strictSame(seqs(await readAll(stores[1], 'a')), [1])
    t.strictSame(await stores[1].quarantine.list(), [])
  },

  async 'quarantine.hold() counts the callbacks of both' (t, open) {
    const stores = [await open(), await open()] as const
    const bodies = numbers(1010).map((n) => ({ ...held, body: `${n}`, digest: `${n}` }))
    const settled = await Promise.allSettled(bodies.map((body, i) => stores[i % 2]?.quarantine.hold(body)))
    t.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1000)
    for (const { quarantine } of stores) t.equal((await quarantine.list()).length, 1000)
  },

  async 'trim() by one keeps the ids of the other known' (t, open) {
    let time = 5000
    const stores = [await open({ now: () => time }), await open({ now: () => time })] as const
    const { event } = await stores[0].append('a', draft('one'))
    time += 1000
    t.equal(await stores[1].trim(1000, nobody), 1)
    t.strictSame(await stores[0].read('a', event.id, 10), [])
    t.equal((await stores[0].append('a', draft('two'))).event.seq, 2)
  },

  async 'erase() by one makes the ids of the other unknown' (t, open) {
    const [store, other] = [await open(), await open()]
    const { event } = await store.append('a', draft('one'))
    const newest = new Map([['a', event.id]])
    await store.moved(newest)
    await other.erase('a', [])
    t.equal(await store.read('a', event.id, 10), undefined)
    t.equal((await store.moved(newest)).size, 1)
    t.equal((await store.append('a', draft('two'))).event.seq, 2)
  },

  async 'moved() resolves with the tasks to which the other one has appended' (t, open) {
    const [store, other] = [await open(), await open()]
    const { event: a } = await store.append('a', draft('one'))
    const { event: b } = await store.append('b', draft('one'))
    const newest = new Map([['a', a.id], ['b', b.id], ['c', `${store.epoch}.0`]])
    await store.moved(newest)
    const { event: newA } = await other.append('a', draft('two'))
    const { event: newC } = await other.append('c', draft('one'))
    const moved = await store.moved(newest)
    t.strictSame([...moved].sort(), [['a', newA.id], ['c', newC.id]])
    t.strictSame(await store.moved(new Map([...newest, ...moved])), new Map())
  }
}
