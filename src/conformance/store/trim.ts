import type { Cases } from './cases.ts'
import { draft, drafts, numbers, readAll, seqs } from '../drafts.ts'
import { epochAt } from '../../store/event-id.ts'
import { MARK_LIVES } from '../../store/store.ts'

const AGE_MS = 1000
const nobody = (): boolean => false

/** Removal of old tasks. */
export const TRIM_CASES: Cases = {
  async 'trim() removes the tasks that are old enough, and resolves with their number' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await store.append('a', draft('one'))
    await store.append('b', draft('one'))
    time += 1
    await store.append('young', draft('one'))
    time += AGE_MS - 1
    t.equal(await store.trim(AGE_MS, nobody), 2)
    t.strictSame(await readAll(store, 'a'), [])
    t.strictSame(seqs(await readAll(store, 'young')), [1])
  },

  async 'trim() removes a whole task or nothing of it' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await store.append('a', draft('old'))
    time += AGE_MS
    await store.append('a', draft('young'))
    t.equal(await store.trim(AGE_MS, nobody), 0)
    t.strictSame(seqs(await readAll(store, 'a')), [1, 2])
  },

  async 'trim() keeps the tasks that somebody watches' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    for (const taskId of ['watched', 'a']) await store.append(taskId, draft('one'))
    time += AGE_MS
    t.equal(await store.trim(AGE_MS, (taskId) => taskId === 'watched'), 1)
    t.strictSame(seqs(await readAll(store, 'watched')), [1])
    t.equal(await store.trim(AGE_MS, nobody), 1)
  },

  async 'trim() removes thousands of tasks' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    const taskIds = numbers(3000).map(String)
    await Promise.all(taskIds.map((taskId) => store.append(taskId, draft('one'))))
    time += AGE_MS
    t.equal(await store.trim(AGE_MS, (taskId) => Number(taskId) % 2 === 0), 1500)
    t.equal(await store.trim(AGE_MS, nobody), 1500)
  },

  async 'trim() removes a task once' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await store.append('a', draft('one'))
    time += AGE_MS
    await store.trim(AGE_MS, nobody)
    t.equal(await store.trim(AGE_MS, nobody), 0)
  },

  async 'extent() knows the highest seq of a trimmed task' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    for (const one of drafts(3)) await store.append('a', one)
    time += AGE_MS
    await store.trim(AGE_MS, nobody)
    const extent = await store.extent('a')
    t.strictSame([extent.first, extent.last, extent.newest], [4, 3, undefined])
    t.equal(epochAt(extent, 3), store.epoch)
  },

  async 'append() goes on with the next seq after a trim' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    for (const one of drafts(3)) await store.append('a', one)
    time += AGE_MS * MARK_LIVES - 1
    await store.trim(AGE_MS, nobody)
    const { event, duplicate } = await store.append('a', draft('draft 3'))
    t.strictSame([event.seq, duplicate], [4, false])
    const { first, last, newest } = await store.extent('a')
    t.strictSame([first, last, newest], [4, 4, event])
    t.strictSame(await readAll(store, 'a'), [event])
  },

  async 'append() gives no id again after trim() has forgotten the highest seq' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    const before = (await store.append('a', draft('one'))).event
    time += AGE_MS
    await store.trim(AGE_MS, nobody)
    time += AGE_MS * MARK_LIVES
    await store.trim(AGE_MS, nobody)
    const after = (await store.append('a', draft('two'))).event
    t.strictSame([after.seq, after.id === before.id], [1, false])
    t.equal(await store.read('a', before.id, 10), undefined)
    t.strictSame(await store.read('a', after.id, 10), [])
  }
}
