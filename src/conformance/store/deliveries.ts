import { draft, numbers, seqs } from '../drafts.ts'
import type { Cases } from './cases.ts'
import type { Delivery, EventDraft } from '../../event.ts'

const REFUSED = { code: 'CALLBACK_UNAUTHENTIC' }
const DAY_MS = 86_400_000

/** A draft that came as a delivery of this key. */
export function delivered (text: string, key: string, onConflict: Delivery['onConflict'] = 'reject', expiresAt = Date.now() + DAY_MS): EventDraft {
  return { ...draft(text), delivery: { key, onConflict, expiresAt } }
}

/** Deliveries that the sender marks. */
export const DELIVERY_CASES: Cases = {
  async 'append() knows a delivery by its key, however long ago and whatever came since' (t, open) {
    const store = await open({ dedupeWindowMs: 0 })
    const { event } = await store.append('a', delivered('one', 'key'))
    await store.append('a', draft('two'))
    t.strictSame(await store.append('a', delivered('one', 'key')), { event, duplicate: true })
    t.equal((await store.extent('a')).last, 2)
  },

  async 'append() refuses another body under a key, and keeps nothing of it' (t, open) {
    const store = await open()
    await store.append('a', delivered('one', 'key'))
    await t.rejects(store.append('a', delivered('two', 'key')), REFUSED)
    await t.rejects(store.append('b', delivered('two', 'key')), REFUSED)
    t.strictSame(seqs(await store.read('a', 0, 10)), [1])
    t.equal((await store.extent('b')).last, 0)
  },

  async 'append() lets exactly one body have a key when many come at once' (t, open) {
    const store = await open()
    const settled = await Promise.allSettled(numbers(20).map((n) => store.append('a', delivered(`body ${n}`, 'key'))))
    t.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1)
    t.strictSame(seqs(await store.read('a', 0, 30)), [1])
  },

  async 'append() refuses one of a group without harm to the others' (t, open) {
    const store = await open()
    await store.append('a', delivered('one', 'key'))
    const [refused, kept] = await Promise.allSettled([store.append('a', delivered('two', 'key')), store.append('b', draft('one'))])
    t.strictSame([refused?.status, kept?.status], ['rejected', 'fulfilled'])
  },

  async 'append() takes another body for the same delivery where the sender says so, even of another task' (t, open) {
    const store = await open()
    const { event } = await store.append('a', delivered('one', 'key', 'deduplicate'))
    t.strictSame(await store.append('b', delivered('two', 'key', 'deduplicate')), { event, duplicate: true })
  },

  async 'append() keeps another body of a sender that is trusted, and the key stays with the first' (t, open) {
    const store = await open()
    await store.append('a', delivered('one', 'key'))
    t.equal((await store.append('a', delivered('two', 'key', 'append'))).duplicate, false)
    await t.rejects(store.append('a', delivered('two', 'key')), REFUSED)
    t.equal((await store.append('a', delivered('one', 'key'))).event.seq, 1)
  },

  async 'append() gives a key to a repeat too' (t, open) {
    const store = await open()
    const { event } = await store.append('a', draft('one'))
    t.strictSame(await store.append('a', delivered('one', 'key')), { event, duplicate: true })
    await t.rejects(store.append('a', delivered('two', 'key')), REFUSED)
  },

  async 'append() forgets a key that has expired' (t, open) {
    const store = await open()
    await store.append('a', delivered('one', 'key', 'reject', 1))
    await store.append('a', delivered('two', 'another key'))
    t.equal((await store.append('a', delivered('three', 'key'))).event.seq, 3)
    await t.rejects(store.append('a', delivered('three', 'another key')), REFUSED)
  },

  async 'append() keeps a delivery anew whose event was trimmed, and still refuses another body' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await store.append('a', delivered('one', 'key'))
    time += 1000
    await store.trim(1000, () => false)
    await t.rejects(store.append('a', delivered('two', 'key')), REFUSED)
    const { event } = await store.append('a', delivered('one', 'key'))
    t.equal(event.seq, 2)
    await store.append('a', draft('two'))
    t.strictSame(await store.append('a', delivered('one', 'key')), { event, duplicate: true })
  }
}

/** What outlives `close()`. */
export const DELIVERY_REOPEN_CASES: Cases = {
  async 'remembers the keys of deliveries' (t, open) {
    const first = await open({ dedupeWindowMs: 0 })
    const { event } = await first.append('a', delivered('one', 'key'))
    await first.close()
    const again = await open({ dedupeWindowMs: 0 })
    await t.rejects(again.append('a', delivered('two', 'key')), REFUSED)
    t.strictSame(await again.append('a', delivered('one', 'key')), { event, duplicate: true })
  }
}
