import { draft, drafts, numbers, seqs } from '../drafts.ts'
import { MAX_PAGE_BYTES } from '../../store/page.ts'
import type { Cases } from './cases.ts'

const WINDOW_MS = 1000

/** Order, numbers, reading, and which drafts are repeats. */
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
    const kept = await store.read('a', 0, 200)
    t.strictSame(seqs(kept), numbers(100))
    t.strictSame(appended.map(({ event }) => event).sort((a, b) => a.seq - b.seq), kept)
  },

  async 'append() numbers every task on its own' (t, open) {
    const store = await open()
    const taskIds = numbers(50).map(String)
    await Promise.all(drafts(3).flatMap((one) => taskIds.map((taskId) => store.append(taskId, one))))
    for (const taskId of taskIds) t.strictSame(seqs(await store.read(taskId, 0, 10)), [1, 2, 3])
  },

  async 'append() keeps one of twenty equal drafts that come at once' (t, open) {
    const store = await open()
    const appended = await Promise.all(numbers(20).map((n) => store.append('a', draft('equal', `delivery ${n}`))))
    const [kept] = await store.read('a', 0, 10)
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
    t.strictSame(await store.read('a', 0, 10), [event])
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

  async 'append() does not prolong the window by a repeat' (t, open) {
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
    t.strictSame((await store.read('a', 0, 10)).map(({ data }) => data), ['"one"', '"two"', '"one"'])
  },

  async 'append() keeps equal drafts of two tasks' (t, open) {
    const store = await open()
    await store.append('a', draft('equal'))
    t.equal((await store.append('b', draft('equal'))).duplicate, false)
  },

  async 'append() keeps every repeat when the window is 0' (t, open) {
    const store = await open({ dedupeWindowMs: 0 })
    await store.append('a', draft('equal'))
    t.equal((await store.append('a', draft('equal'))).duplicate, false)
  },

  async 'read() gives what comes after a seq, oldest first, and no more than asked' (t, open) {
    const store = await open()
    for (const one of drafts(5)) await store.append('a', one)
    t.strictSame(seqs(await store.read('a', 0, 2)), [1, 2])
    t.strictSame(seqs(await store.read('a', 2, 2)), [3, 4])
    t.strictSame(seqs(await store.read('a', 4, 2)), [5])
    t.strictSame(await store.read('a', 5, 2), [])
    t.strictSame(await store.read('a', 9, 2), [])
  },

  async 'read() ends a page with the event that brings its data to 256 KiB' (t, open) {
    const store = await open()
    for (const one of drafts(5)) await store.append('a', { ...one, data: JSON.stringify('x'.repeat(MAX_PAGE_BYTES / 2)) })
    t.strictSame(seqs(await store.read('a', 0, 10)), [1, 2])
    t.strictSame(seqs(await store.read('a', 2, 10)), [3, 4])
    t.strictSame(seqs(await store.read('a', 4, 10)), [5])
  },

  async 'read() gives nothing of a task that was never heard of' (t, open) {
    const store = await open()
    await store.append('a', draft('one'))
    t.strictSame(await store.read('b', 0, 10), [])
  },

  async 'extent() says what is kept' (t, open) {
    const store = await open()
    t.strictSame(await store.extent('a'), { first: 1, last: 0, newest: undefined })
    for (const one of drafts(2)) await store.append('a', one)
    const [, newest] = await store.read('a', 0, 2)
    t.strictSame(await store.extent('a'), { first: 1, last: 2, newest })
  }
}
