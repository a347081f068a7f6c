import { draft, drafts, numbers, seqs } from '../drafts.ts'
import type { Cases } from './cases.ts'

const WINDOW_MS = 1000
const CLOSED = { code: 'STORE_UNAVAILABLE' }
const nobody = (): boolean => false

/** Beginning and end of a store. */
export const LIFE_CASES: Cases = {
  async 'epoch is printable ASCII without a dot' (t, open) {
    t.equal(/^[!-~]+$/.test((await open()).epoch.replaceAll('.', ' ')), true)
  },

  async 'check() resolves while the store works' (t, open) {
    const store = await open()
    t.equal(await store.check(), undefined)
    t.strictSame(await store.extent('a'), { first: 1, last: 0, newest: undefined })
  },

  async 'changedElsewhere() does not tell of what the store itself has written' (t, open) {
    const store = await open()
    await store.append('a', draft('one'))
    t.equal(await store.changedElsewhere(), false)
  },

  async 'close() lets what was begun end' (t, open) {
    const store = await open()
    const appended = drafts(20).map((one) => store.append('a', one))
    await store.close()
    t.strictSame((await Promise.all(appended)).map(({ event }) => event.seq).sort((a, b) => a - b), numbers(20))
  },

  async 'close() may be called twice' (t, open) {
    const store = await open()
    await Promise.all([store.close(), store.close()])
    t.equal(await store.close(), undefined)
  },

  async 'every method rejects after close()' (t, open) {
    const store = await open()
    await store.close()
    await t.rejects(store.append('a', draft('one')), CLOSED)
    await t.rejects(store.read('a', 0, 10), CLOSED)
    await t.rejects(store.extent('a'), CLOSED)
    await t.rejects(store.trim(1, nobody), CLOSED)
    await t.rejects(store.changedElsewhere(), CLOSED)
    await t.rejects(store.check(), CLOSED)
  }
}

/** What outlives `close()`, for stores that are durable. */
export const REOPEN_CASES: Cases = {
  async 'keeps its epoch and its events' (t, open) {
    const first = await open()
    for (const one of drafts(3)) await first.append('a', one)
    const kept = await first.read('a', 0, 10)
    await first.close()
    const again = await open()
    t.equal(again.epoch, first.epoch)
    t.strictSame(await again.read('a', 0, 10), kept)
  },

  async 'goes on with the next seq' (t, open) {
    const first = await open()
    await first.append('a', draft('one'))
    await first.close()
    const again = await open()
    await again.append('a', draft('two'))
    t.strictSame(seqs(await again.read('a', 0, 10)), [1, 2])
  },

  async 'knows a repeat within the window' (t, open) {
    let time = 5000
    const options = { dedupeWindowMs: WINDOW_MS, now: () => time }
    const first = await open(options)
    const { event } = await first.append('a', draft('equal'))
    await first.close()
    time += WINDOW_MS - 1
    const again = await open(options)
    t.strictSame(await again.append('a', draft('equal')), { event, duplicate: true })
    time += 1
    t.equal((await again.append('a', draft('equal'))).duplicate, false)
  },

  async 'remembers the highest seq of a task that was trimmed' (t, open) {
    let time = 5000
    const first = await open({ now: () => time })
    for (const one of drafts(3)) await first.append('a', one)
    time += WINDOW_MS
    await first.trim(WINDOW_MS, nobody)
    await first.close()
    t.strictSame(await (await open()).extent('a'), { first: 4, last: 3, newest: undefined })
  }
}
