import { draft, numbers, readAll, seqs } from '../drafts.ts'
import type { Cases } from './cases.ts'
import type { Delivery, EventDraft } from '../../event.ts'
import { MARK_LIVES } from '../../store/store.ts'

const REJECTED = { code: 'CALLBACK_UNAUTHENTIC' }
const DAY_MS = 86_400_000

/** Returns a draft that came as a delivery of this key. */
export function delivered (text: string, key: string, given: Partial<Delivery> = {}): EventDraft {
  return { ...draft(text), delivery: { key, onConflict: 'reject', expiresAt: Date.now() + DAY_MS, ...given } }
}

/** Deliveries that their sender marks with a key. */
export const DELIVERY_CASES: Cases = {
  async 'append() recognises a delivery by its key, however long ago and whatever came since' (t, open) {
    const store = await open({ dedupeWindowMs: 0 })
    const { event } = await store.append('a', delivered('one', 'key'))
    await store.append('a', draft('two'))
    t.strictSame(await store.append('a', delivered('one', 'key')), { event, duplicate: true })
    t.equal((await store.extent('a')).last, 2)
  },

  async 'append() rejects another body under a key, and keeps nothing of it' (t, open) {
    const store = await open()
    await store.append('a', delivered('one', 'key'))
    await t.rejects(store.append('a', delivered('two', 'key')), REJECTED)
    await t.rejects(store.append('b', delivered('two', 'key')), REJECTED)
    t.strictSame(seqs(await readAll(store, 'a')), [1])
    t.equal((await store.extent('b')).last, 0)
  },

  async 'append() accepts one of many concurrent bodies under one key' (t, open) {
    const store = await open()
    const settled = await Promise.allSettled(numbers(20).map((n) => store.append('a', delivered(`body ${n}`, 'key'))))
    t.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1)
    t.strictSame(seqs(await readAll(store, 'a')), [1])
  },

  async 'append() rejects one of a group without harm to the others' (t, open) {
    const store = await open()
    await store.append('a', delivered('one', 'key'))
    const appends = [store.append('a', delivered('two', 'key')), store.append('b', draft('one'))]
    const [rejected, kept] = await Promise.allSettled(appends)
    t.strictSame([rejected?.status, kept?.status], ['rejected', 'fulfilled'])
  },

  async 'append() deduplicates another body where the delivery says so, even of another task' (t, open) {
    const store = await open()
    const { event } = await store.append('a', delivered('one', 'key', { onConflict: 'deduplicate' }))
    const again = await store.append('b', delivered('two', 'key', { onConflict: 'deduplicate' }))
    t.strictSame(again, { event, duplicate: true })
  },

  async 'append() appends another body where the delivery says so, and the key stays with the first' (t, open) {
    const store = await open()
    await store.append('a', delivered('one', 'key'))
    t.equal((await store.append('a', delivered('two', 'key', { onConflict: 'append' }))).duplicate, false)
    await t.rejects(store.append('a', delivered('two', 'key')), REJECTED)
    t.equal((await store.append('a', delivered('one', 'key'))).event.seq, 1)
  },

  async 'append() remembers the key of a repeat, too' (t, open) {
    const store = await open()
    const { event } = await store.append('a', draft('one'))
    t.strictSame(await store.append('a', delivered('one', 'key')), { event, duplicate: true })
    await t.rejects(store.append('a', delivered('two', 'key')), REJECTED)
  },

  async 'append() forgets a key that has expired' (t, open) {
    const store = await open()
    await store.append('a', delivered('one', 'key', { expiresAt: 1 }))
    await store.append('a', delivered('two', 'another key'))
    t.equal((await store.append('a', delivered('three', 'key'))).event.seq, 3)
    await t.rejects(store.append('a', delivered('three', 'another key')), REJECTED)
  },

  async 'append() rejects an unknown key that expires no later than a forgotten one' (t, open) {
    const store = await open()
    await store.append('a', delivered('one', 'key', { expiresAt: 5 }))
    await store.append('a', delivered('two', 'another key'))
    await t.rejects(store.append('a', delivered('three', 'key', { expiresAt: 5 })), REJECTED)
    await t.rejects(store.append('a', delivered('three', 'third key', { expiresAt: 4 })), REJECTED)
    for (const onConflict of ['append', 'deduplicate'] as const) {
      const { duplicate } = await store.append('a', delivered(onConflict, onConflict, { expiresAt: 5, onConflict }))
      t.equal(duplicate, false)
    }
  },

  async 'append() accepts every unknown key after keys of deduplicated deliveries were forgotten' (t, open) {
    const store = await open()
    await store.append('a', delivered('one', 'key', { expiresAt: 5, onConflict: 'deduplicate' }))
    await store.append('a', delivered('two', 'another key'))
    t.equal((await store.append('a', delivered('three', 'third key', { expiresAt: 5 }))).duplicate, false)
  },

  async 'append() appends a delivery again after its event was trimmed, and still rejects another body' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await store.append('a', delivered('one', 'key'))
    time += 1000
    await store.trim(1000, () => false)
    await t.rejects(store.append('a', delivered('two', 'key')), REJECTED)
    const { event } = await store.append('a', delivered('one', 'key'))
    t.equal(event.seq, 2)
    await store.append('a', draft('two'))
    t.strictSame(await store.append('a', delivered('one', 'key')), { event, duplicate: true })
  },

  async 'append() takes no event of a task that starts again for that of an earlier delivery' (t, open) {
    let time = 5000
    const store = await open({ now: () => time, dedupeWindowMs: 0 })
    for (const key of ['key', 'other key']) await store.append('a', delivered(key, key))
    time += 1000
    await store.trim(1000, () => false)
    time += 1000 * MARK_LIVES
    await store.trim(1000, () => false)
    const again = await store.append('a', delivered('other key', 'other key'))
    t.strictSame([again.event.seq, again.duplicate], [1, false])
    const { event, duplicate } = await store.append('a', delivered('key', 'key'))
    t.strictSame([event.seq, duplicate], [2, false])
  }
}

/** Deliveries over `close()`. */
export const DELIVERY_REOPEN_CASES: Cases = {
  async 'append() recognises deliveries' (t, open) {
    const first = await open({ dedupeWindowMs: 0 })
    const { event } = await first.append('a', delivered('one', 'key'))
    await first.close()
    const again = await open({ dedupeWindowMs: 0 })
    await t.rejects(again.append('a', delivered('two', 'key')), REJECTED)
    t.strictSame(await again.append('a', delivered('one', 'key')), { event, duplicate: true })
  }
}
