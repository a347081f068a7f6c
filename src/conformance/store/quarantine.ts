import { draft, numbers, readAll } from '../drafts.ts'
import type { Cases } from './cases.ts'
import { delivered } from './deliveries.ts'
import type { HeldDraft } from '../../event.ts'

const REJECTED = { code: 'CALLBACK_UNAUTHENTIC' }
const FULL = { code: 'QUARANTINE_FULL' }
const CLOSED = { code: 'STORE_UNAVAILABLE' }
const MAX_BYTES = 16_777_216

/** Returns a callback that equals another one when `body` does. */
function unreadable (body: string, key?: string): HeldDraft {
  const delivery = key === undefined ? undefined : delivered(body, key).delivery
  return { step: 'validate', body, reason: 'it is odd', digest: body, delivery }
}

/** Unreadable callbacks. */
export const QUARANTINE_CASES: Cases = {
  async 'quarantine.hold() keeps a callback as it was received' (t, open) {
    const { quarantine } = await open({ now: () => 5000 })
    t.equal(await quarantine.hold({ ...unreadable('"é"'), signedTaskId: 'a' }), undefined)
    const summary = { id: 1, at: 5000, step: 'validate', reason: 'it is odd', bytes: 4 }
    t.strictSame((await quarantine.list()).map((one) => ({ ...one })), [summary])
    t.strictSame({ ...await quarantine.get(1) }, { ...summary, signedTaskId: 'a', body: '"é"', submission: null })
  },

  async 'quarantine.list() is in the order of arrival' (t, open) {
    const { quarantine } = await open()
    for (const n of numbers(12)) await quarantine.hold(unreadable(String(n)))
    t.strictSame((await quarantine.list()).map(({ id }) => id), numbers(12))
  },

  async 'quarantine.get() resolves with undefined for an unknown id' (t, open) {
    const { quarantine } = await open()
    t.equal(await quarantine.get(1), undefined)
  },

  async 'quarantine.hold() rejects a callback that exceeds 16 MiB, and holds one that fits' (t, open) {
    const { quarantine } = await open()
    await quarantine.hold(unreadable('x'.repeat(MAX_BYTES - 1)))
    await t.rejects(quarantine.hold(unreadable('é')), FULL)
    await quarantine.hold(unreadable('y'))
    t.strictSame((await quarantine.list()).map(({ bytes }) => bytes), [MAX_BYTES - 1, 1])
  },

  async 'quarantine.drop() makes room' (t, open) {
    const { quarantine } = await open()
    await quarantine.hold(unreadable('x'.repeat(MAX_BYTES)))
    t.equal(await quarantine.drop(1), true)
    t.equal(await quarantine.drop(1), false)
    await quarantine.hold(unreadable('x'.repeat(MAX_BYTES)))
    t.strictSame((await quarantine.list()).map(({ id }) => id), [2])
  },

  async 'quarantine.hold() rejects the 1,001st callback' (t, open) {
    const { quarantine } = await open()
    await Promise.all(numbers(1000).map((n) => quarantine.hold(unreadable(String(n)))))
    await t.rejects(quarantine.hold(unreadable('one more')), FULL)
    t.equal((await quarantine.list()).length, 1000)
  },

  async 'quarantine.hold() holds a delivery once' (t, open) {
    const { quarantine } = await open()
    for (const key of ['key', 'key', 'another key']) t.equal(await quarantine.hold(unreadable('one', key)), undefined)
    t.equal((await quarantine.list()).length, 2)
  },

  async 'quarantine.hold() rejects another body under a key' (t, open) {
    const store = await open()
    await store.append('a', delivered('one', 'key'))
    await t.rejects(store.quarantine.hold(unreadable('two', 'key')), REJECTED)
    await store.quarantine.hold(unreadable('two', 'another key'))
    await t.rejects(store.append('a', delivered('three', 'another key')), REJECTED)
    t.equal((await store.quarantine.list()).length, 1)
  },

  async 'quarantine.hold() resolves with the event that the delivery became before' (t, open) {
    const store = await open()
    const { event } = await store.append('a', delivered('one', 'key'))
    t.strictSame(await store.quarantine.hold(unreadable('one', 'key')), event)
    t.strictSame(await store.quarantine.list(), [])
  },

  async 'quarantine.hold() holds another body where the delivery says so, and the key stays with the first' (t, open) {
    const store = await open()
    await store.append('a', delivered('one', 'key'))
    const trusted = delivered('two', 'key', { onConflict: 'append' })
    t.equal(await store.quarantine.hold({ ...unreadable('two'), delivery: trusted.delivery }), undefined)
    await t.rejects(store.append('a', delivered('two', 'key')), REJECTED)
  },

  async 'append() appends a delivery that is held' (t, open) {
    const store = await open()
    await store.quarantine.hold(unreadable('one', 'key'))
    const { event, duplicate } = await store.append('a', delivered('one', 'key'))
    t.equal(duplicate, false)
    await store.append('a', draft('two'))
    t.strictSame(await store.append('a', delivered('one', 'key')), { event, duplicate: true })
  },

  async 'quarantine.release() appends the event and removes the callback, once' (t, open) {
    const store = await open()
    await store.quarantine.hold(unreadable('one'))
    const released = await Promise.all(numbers(5).map(() => store.quarantine.release(1, 'a', draft('one'))))
    const [event] = await readAll(store, 'a')
    t.strictSame(released.filter((one) => one !== undefined), [{ event, duplicate: false }])
    t.equal((await store.extent('a')).last, 1)
    t.strictSame(await store.quarantine.list(), [])
  },

  async 'quarantine.release() makes a delivery known by its event' (t, open) {
    const store = await open({ dedupeWindowMs: 0 })
    await store.quarantine.hold(unreadable('one', 'key'))
    const released = await store.quarantine.release(1, 'a', draft('one, as it was read'))
    t.equal(released?.duplicate, false)
    await store.append('b', delivered('another one', 'another key'))
    t.strictSame(await store.append('a', delivered('one', 'key')), { event: released?.event, duplicate: true })
    t.strictSame(await store.quarantine.hold(unreadable('one', 'key')), released?.event)
    await t.rejects(store.append('a', delivered('two', 'key')), REJECTED)
    t.equal((await store.extent('a')).last, 1)
  },

  async 'quarantine.release() of a delivery that became an event is its duplicate' (t, open) {
    const store = await open({ dedupeWindowMs: 0 })
    await store.quarantine.hold(unreadable('one', 'key'))
    const { delivery } = delivered('three', 'key of many bodies', { onConflict: 'deduplicate' })
    await store.quarantine.hold({ ...unreadable('three'), delivery })
    const one = await store.append('a', delivered('one', 'key'))
    const four = await store.append('a', { ...draft('four'), delivery })
    t.strictSame(await store.quarantine.release(1, 'a', draft('one')), { ...one, duplicate: true })
    t.strictSame(await store.quarantine.release(2, 'a', draft('three')), { ...four, duplicate: true })
    t.strictSame(await store.quarantine.list(), [])
  },

  async 'quarantine.release() appends another body under a key, and the key stays with the first' (t, open) {
    const store = await open({ dedupeWindowMs: 0 })
    await store.quarantine.hold(unreadable('one', 'key'))
    const { delivery } = delivered('two', 'key', { onConflict: 'append' })
    await store.quarantine.hold({ ...unreadable('two'), delivery })
    t.equal((await store.quarantine.release(2, 'a', draft('two')))?.duplicate, false)
    t.equal((await store.quarantine.release(1, 'a', draft('one')))?.duplicate, false)
    t.equal((await store.append('a', delivered('one', 'key'))).event.seq, 2)
  },

  async 'trim() removes callbacks that are held that long' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await store.quarantine.hold(unreadable('old'))
    time += 1
    await store.quarantine.hold(unreadable('young'))
    time += 999
    await store.trim(1000, () => false)
    t.strictSame((await store.quarantine.list()).map(({ id }) => id), [2])
  },

  async 'every method of the quarantine rejects after close()' (t, open) {
    const { quarantine, close } = await open()
    await close()
    await t.rejects(quarantine.hold(unreadable('one')), CLOSED)
    await t.rejects(quarantine.list(), CLOSED)
    await t.rejects(quarantine.get(1), CLOSED)
    await t.rejects(quarantine.release(1, 'a', draft('one')), CLOSED)
    await t.rejects(quarantine.drop(1), CLOSED)
  }
}

/** Quarantine over `close()`. */
export const QUARANTINE_REOPEN_CASES: Cases = {
  async 'the quarantine keeps its callbacks, and gives no id twice' (t, open) {
    const first = await open()
    for (const body of ['one', 'two']) await first.quarantine.hold(unreadable(body))
    await first.quarantine.drop(2)
    await first.close()
    const { quarantine } = await open()
    await quarantine.hold(unreadable('three'))
    t.strictSame((await quarantine.list()).map(({ id }) => id), [1, 3])
    t.equal((await quarantine.get(1))?.body, 'one')
  }
}
