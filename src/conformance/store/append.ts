import type { Cases } from './cases.ts'
import { draft, drafts, numbers, readAll, seqs } from '../drafts.ts'

const WINDOW_MS = 1000

/** Appends that reject although they were kept. */
export const UNCERTAIN_CASES: Cases = {
  async 'append() keeps a rejected draft once, and the same draft again is its duplicate' (t, open, history) {
    const uncertain = await history.openUncertain!()
    t.teardown(() => uncertain.close())
    for (let i = 0; i < 2; i++) await t.rejects(uncertain.append('a', draft('one')), { code: 'STORE_UNAVAILABLE' })
    const store = await open()
    const { event, duplicate } = await store.append('a', draft('one'))
    t.strictSame([event.seq, duplicate], [1, true])
    t.strictSame(await readAll(store, 'a'), [event])
  }
}

/** Order and numbers of events, and which drafts are duplicates. */
export const APPEND_CASES: Cases = {
  async 'append() numbers the events of a task 1, 2, 3' (t, open) {
    const store = await open()
    for (const [i, one] of drafts(3).entries()) {
      const seq = i + 1
      const event = { taskId: 'a', seq, id: `${store.epoch}.${seq}`, event: one.event, data: one.data }
      t.strictSame(await store.append('a', one), { event, duplicate: false })
    }
  },

  async 'append() orders concurrent drafts of one task without a hole' (t, open) {
    const store = await open()
    const appended = await Promise.all(drafts(100).map((one) => store.append('a', one)))
    const kept = await readAll(store, 'a')
    t.strictSame(seqs(kept), numbers(100))
    t.strictSame(appended.map(({ event }) => event).sort((a, b) => a.seq - b.seq), kept)
  },

  async 'append() numbers each task on its own' (t, open) {
    const store = await open()
    const taskIds = numbers(50).map(String)
    await Promise.all(drafts(3).flatMap((one) => taskIds.map((taskId) => store.append(taskId, one))))
    for (const taskId of taskIds) t.strictSame(seqs(await readAll(store, taskId)), [1, 2, 3])
  },

  async 'append() keeps one of twenty equal concurrent drafts' (t, open) {
    const store = await open()
    const appended = await Promise.all(numbers(20).map((n) => store.append('a', draft('equal', `delivery ${n}`))))
    const [kept] = await readAll(store, 'a')
    t.equal(appended.filter(({ duplicate }) => !duplicate).length, 1)
    for (const { event } of appended) t.strictSame(event, kept)
    t.equal((await store.extent('a')).last, 1)
  },

  async 'append() answers a repeat within the window with the first event' (t, open) {
    let time = 5000
    const store = await open({ dedupeWindowMs: WINDOW_MS, now: () => time })
    const { event } = await store.append('a', draft('equal', 'first delivery'))
    time += WINDOW_MS - 1
    t.strictSame(await store.append('a', draft('equal', 'second delivery')), { event, duplicate: true })
    t.strictSame(await readAll(store, 'a'), [event])
  },

  async 'append() keeps an equal draft once the window is over' (t, open) {
    let time = 5000
    const store = await open({ dedupeWindowMs: WINDOW_MS, now: () => time })
    await store.append('a', draft('equal'))
    time += WINDOW_MS
    const { event, duplicate } = await store.append('a', draft('equal'))
    t.equal(duplicate, false)
    t.equal(event.seq, 2)
  },

  async 'append() does not prolong the window at a repeat' (t, open) {
    let time = 5000
    const store = await open({ dedupeWindowMs: WINDOW_MS, now: () => time })
    await store.append('a', draft('equal'))
    time += WINDOW_MS - 1
    await store.append('a', draft('equal'))
    time += 1
    t.equal((await store.append('a', draft('equal'))).duplicate, false)
  },

  async 'append() keeps an equal draft after another one' (t, open) {
    const store = await open()
    for (const text of ['one', 'two', 'one']) await store.append('a', draft(text))
    t.strictSame((await readAll(store, 'a')).map(({ data }) => data), ['"one"', '"two"', '"one"'])
  },

  async 'append() keeps equal drafts of two tasks' (t, open) {
    const store = await open()
    await store.append('a', draft('equal'))
    t.equal((await store.append('b', draft('equal'))).duplicate, false)
  },

  async 'append() keeps every repeat with a window of 0' (t, open) {
    const store = await open({ dedupeWindowMs: 0 })
    await store.append('a', draft('equal'))
    t.equal((await store.append('a', draft('equal'))).duplicate, false)
  }
}
