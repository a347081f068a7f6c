import { MARK_LIVES } from '../../store/store.ts'
import { draft, drafts, numbers, seqs } from '../drafts.ts'
import type { Cases } from './cases.ts'

const AGE_MS = 1000
const nobody = (): boolean => false

/** Forgetting. */
export const TRIM_CASES: Cases = {
  async 'trim() forgets the tasks that are old enough, and says how many' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await store.append('a', draft('one'))
    await store.append('b', draft('one'))
    time += 1
    await store.append('young', draft('one'))
    time += AGE_MS - 1
    t.equal(await store.trim(AGE_MS, nobody), 2)
    t.strictSame(await store.read('a', 0, 10), [])
    t.strictSame(seqs(await store.read('young', 0, 10)), [1])
  },

  async 'trim() forgets the whole of a task or nothing of it' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await store.append('a', draft('old'))
    time += AGE_MS
    await store.append('a', draft('young'))
    t.equal(await store.trim(AGE_MS, nobody), 0)
    t.strictSame(seqs(await store.read('a', 0, 10)), [1, 2])
  },

  async 'trim() leaves the tasks that are watched' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    for (const taskId of ['a', 'b']) await store.append(taskId, draft('one'))
    time += AGE_MS
    t.equal(await store.trim(AGE_MS, (taskId) => taskId === 'a'), 1)
    t.strictSame(seqs(await store.read('a', 0, 10)), [1])
    t.equal(await store.trim(AGE_MS, nobody), 1)
  },

  async 'trim() comes through thousands of tasks' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    const taskIds = numbers(3000).map(String)
    await Promise.all(taskIds.map((taskId) => store.append(taskId, draft('one'))))
    time += AGE_MS
    t.equal(await store.trim(AGE_MS, (taskId) => Number(taskId) % 2 === 0), 1500)
    t.equal(await store.trim(AGE_MS, nobody), 1500)
  },

  async 'trim() forgets a task once' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await store.append('a', draft('one'))
    time += AGE_MS
    await store.trim(AGE_MS, nobody)
    t.equal(await store.trim(AGE_MS, nobody), 0)
  },

  async 'extent() remembers the highest seq of a task that was trimmed' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    for (const one of drafts(3)) await store.append('a', one)
    time += AGE_MS
    await store.trim(AGE_MS, nobody)
    t.strictSame(await store.extent('a'), { first: 4, last: 3, newest: undefined })
  },

  async 'append() goes on with the next seq after a trim' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    for (const one of drafts(3)) await store.append('a', one)
    time += AGE_MS * MARK_LIVES - 1
    await store.trim(AGE_MS, nobody)
    const { event, duplicate } = await store.append('a', draft('draft 3'))
    t.strictSame([event.seq, duplicate], [4, false])
    t.strictSame(await store.extent('a'), { first: 4, last: 4, newest: event })
    t.strictSame(await store.read('a', 0, 10), [event])
  }
}
