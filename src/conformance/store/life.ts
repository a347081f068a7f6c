import type { Cases } from './cases.ts'
import { draft, drafts, numbers, readAll, seqs } from '../drafts.ts'

const WINDOW_MS = 1000
const CLOSED = { code: 'STORE_UNAVAILABLE' }
const nobody = (): boolean => false

/** Start and end of a store. */
export const LIFE_CASES: Cases = {
  async 'epoch is printable ASCII without a dot' (t, open) {
    t.equal(/^[!-~]+$/.test((await open()).epoch.replaceAll('.', ' ')), true)
  },

  async 'check() resolves while the store works, and appends nothing' (t, open) {
    const store = await open()
    t.equal(await store.check(), undefined)
    t.equal((await store.extent('a')).last, 0)
  },

  async 'close() completes pending appends' (t, open) {
    const store = await open()
    const appended = drafts(20).map((one) => store.append('a', one))
    await store.close()
    t.strictSame((await Promise.all(appended)).map(({ event }) => event.seq).sort((a, b) => a - b), numbers(20))
  },

  async 'close() is idempotent' (t, open) {
    const store = await open()
    await Promise.all([store.close(), store.close()])
    t.equal(await store.close(), undefined)
  },

  async 'every method rejects after close()' (t, open) {
    const store = await open()
    await store.close()
    await t.rejects(store.append('a', draft('one')), CLOSED)
    await t.rejects(store.read('a', undefined, 10), CLOSED)
    await t.rejects(store.extent('a'), CLOSED)
    await t.rejects(store.trim(1, nobody), CLOSED)
    await t.rejects(store.moved(new Map()), CLOSED)
    await t.rejects(store.erase('a', []), CLOSED)
    await t.rejects(store.check(), CLOSED)
  }
}

/** Data that outlives `close()`, in stores that are durable. */
export const REOPEN_CASES: Cases = {
  async 'events keep their ids' (t, open) {
    const first = await open()
    for (const one of drafts(3)) await first.append('a', one)
    const kept = await readAll(first, 'a')
    await first.close()
    t.strictSame(await readAll(await open(), 'a'), kept)
  },

  async 'append() goes on with the next seq' (t, open) {
    const first = await open()
    await first.append('a', draft('one'))
    await first.close()
    const again = await open()
    await again.append('a', draft('two'))
    t.strictSame(seqs(await readAll(again, 'a')), [1, 2])
  },

  async 'append() recognises a repeat within the window' (t, open) {
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

  async 'extent() knows the highest seq of a trimmed task' (t, open) {
    let time = 5000
    const first = await open({ now: () => time })
    for (const one of drafts(3)) await first.append('a', one)
    const { epochs } = await first.extent('a')
    time += WINDOW_MS
    await first.trim(WINDOW_MS, nobody)
    await first.close()
    const extent = await (await open()).extent('a')
    t.strictSame({ ...extent, epochs: extent.epochs.at(-1)?.epoch }, {
      first: 4, last: 3, newest: undefined, epochs: epochs[0]?.epoch
    })
  }
}
