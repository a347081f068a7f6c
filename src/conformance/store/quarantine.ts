import { draft, numbers } from '../drafts.ts'
import type { Cases } from './cases.ts'
import { delivered } from './deliveries.ts'
import type { HeldDraft } from '../../event.ts'

const REFUSED = { code: 'CALLBACK_UNAUTHENTIC' }
const FULL = { code: 'QUARANTINE_FULL' }
const CLOSED = { code: 'STORE_UNAVAILABLE' }
const MOST_BYTES = 16_777_216

/** A callback that equals another one when `body` does. */
function unreadable (body: string, key?: string): HeldDraft {
  return { step: 'validate', body, reason: 'it is odd', digest: body, delivery: key === undefined ? undefined : delivered(body, key).delivery }
}

/** Callbacks that could not be read. */
export const QUARANTINE_CASES: Cases = {
  async 'quarantine.hold() keeps a callback as it came' (t, open) {
    const { quarantine } = await open({ now: () => 5000 })
    t.equal(await quarantine.hold({ ...unreadable('"é"'), signedTaskId: 'a' }), undefined)
    const summary = { id: 1, at: 5000, step: 'validate', reason: 'it is odd', bytes: 4 }
    t.strictSame((await quarantine.list()).map((one) => ({ ...one })), [summary])
    t.strictSame({ ...await quarantine.get(1) }, { ...summary, signedTaskId: 'a', body: '"é"' })
  },

  async 'quarantine.list() is in the order of arrival' (t, open) {
    const { quarantine } = await open()
    for (const n of numbers(12)) await quarantine.hold(unreadable(String(n)))
    t.strictSame((await quarantine.list()).map(({ id }) => id), numbers(12))
  },

  async 'quarantine.get() gives nothing for what is not held' (t, open) {
    const { quarantine } = await open()
    t.equal(await quarantine.get(1), undefined)
  },

  async 'quarantine.hold() refuses what exceeds 16 MiB, and holds what fits' (t, open) {
    const { quarantine } = await open()
    await quarantine.hold(unreadable('x'.repeat(MOST_BYTES - 1)))
    await t.rejects(quarantine.hold(unreadable('é')), FULL)
    await quarantine.hold(unreadable('y'))
    t.strictSame((await quarantine.list()).map(({ bytes }) => bytes), [MOST_BYTES - 1, 1])
  },

  async 'quarantine.drop() makes room' (t, open) {
    const { quarantine } = await open()
    await quarantine.hold(unreadable('x'.repeat(MOST_BYTES)))
    t.equal(await quarantine.drop(1), true)
    t.equal(await quarantine.drop(1), false)
    await quarantine.hold(unreadable('x'.repeat(MOST_BYTES)))
    t.strictSame((await quarantine.list()).map(({ id }) => id), [2])
  },

  async 'quarantine.hold() refuses the 1,001st callback' (t, open) {
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

  async 'quarantine.hold() refuses another body under a key' (t, open) {
    const store = await open()
    await store.append('a', delivered('one', 'key'))
    await t.rejects(store.quarantine.hold(unreadable('two', 'key')), REFUSED)
    await store.quarantine.hold(unreadable('two', 'another key'))
    await t.rejects(store.append('a', delivered('three', 'another key')), REFUSED)
    t.equal((await store.quarantine.list()).length, 1)
  },

  async 'quarantine.hold() tells of the event that the delivery became before' (t, open) {
    const store = await open()
    const { event } = await store.append('a', delivered('one', 'key'))
    t.strictSame(await store.quarantine.hold(unreadable('one', 'key')), event)
    t.strictSame(await store.quarantine.list(), [])
  },

  async 'quarantine.hold() holds another body of a sender that is trusted, and the key stays with the first' (t, open) {
    const store = await open()
    await store.append('a', delivered('one', 'key'))
    const trusted = delivered('two', 'key', 'append')
    t.equal(await store.quarantine.hold({ ...unreadable('two'), delivery: trusted.delivery }), undefined)
    await t.rejects(store.append('a', delivered('two', 'key')), REFUSED)
  },

  async 'append() keeps a delivery that so far is only held' (t, open) {
    const store = await open()
    await store.quarantine.hold(unreadable('one', 'key'))
    const { event, duplicate } = await store.append('a', delivered('one', 'key'))
    t.equal(duplicate, false)
    await store.append('a', draft('two'))
    t.strictSame(await store.append('a', delivered('one', 'key')), { event, duplicate: true })
  },

  async 'quarantine.release() appends the event and holds it no longer, once' (t, open) {
    const store = await open()
    await store.quarantine.hold(unreadable('one'))
    const released = await Promise.all(numbers(5).map(() => store.quarantine.release(1, 'a', draft('one'))))
    const [event] = await store.read('a', 0, 10)
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
    await t.rejects(store.append('a', delivered('two', 'key')), REFUSED)
    t.equal((await store.extent('a')).last, 1)
  },

  async 'quarantine.release() of a delivery that has become an event is a duplicate of that' (t, open) {
    const store = await open({ dedupeWindowMs: 0 })
    await store.quarantine.hold(unreadable('one', 'key'))
    await store.quarantine.hold({ ...unreadable('three'), delivery: delivered('three', 'key of many bodies', 'deduplicate').delivery })
    const one = await store.append('a', delivered('one', 'key'))
    const four = await store.append('a', delivered('four', 'key of many bodies', 'deduplicate'))
    t.strictSame(await store.quarantine.release(1, 'a', draft('one')), { ...one, duplicate: true })
    t.strictSame(await store.quarantine.release(2, 'a', draft('three')), { ...four, duplicate: true })
    t.strictSame(await store.quarantine.list(), [])
  },

  async 'quarantine.release() keeps another body under a key, and the key stays with the first' (t, open) {
    const store = await open({ dedupeWindowMs: 0 })
    await store.quarantine.hold(unreadable('one', 'key'))
    await store.quarantine.hold({ ...unreadable('two'), delivery: delivered('two', 'key', 'append').delivery })
    for (const [id, body] of [[2, 'two'], [1, 'one']] as const) t.equal((await store.quarantine.release(id, 'a', draft(body)))?.duplicate, false)
    t.equal((await store.append('a', delivered('one', 'key'))).event.seq, 2)
  },

  async 'trim() forgets what is held that long' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await store.quarantine.hold(unreadable('old'))
    time += 1
    await store.quarantine.hold(unreadable('young'))
    time += 999
    await store.trim(1000, () => false)
    t.strictSame((await store.quarantine.list()).map(({ id }) => id), [2])
  },

  async 'the quarantine rejects after close()' (t, open) {
    const { quarantine, close } = await open()
    await close()
    await t.rejects(quarantine.hold(unreadable('one')), CLOSED)
    await t.rejects(quarantine.list(), CLOSED)
    await t.rejects(quarantine.get(1), CLOSED)
    await t.rejects(quarantine.release(1, 'a', draft('one')), CLOSED)
    await t.rejects(quarantine.drop(1), CLOSED)
  }
}

/** What outlives `close()`. */
export const QUARANTINE_REOPEN_CASES: Cases = {
  async 'keeps what is held, and gives no id twice' (t, open) {
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
