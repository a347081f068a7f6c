import type { Cases } from './cases.ts'
import { delivered } from './deliveries.ts'
import { draft, drafts, readAll, seqs } from '../drafts.ts'
import type { HeldDraft } from '../../event.ts'
import { MARK_LIVES } from '../../store/store.ts'

const REJECTED = { code: 'CALLBACK_UNAUTHENTIC' }
const nobody = (): boolean => false

function held (body: string, key?: string): HeldDraft {
  const delivery = key === undefined ? undefined : delivered(body, key).delivery
  return { step: 'validate', body, reason: 'it is odd', digest: body, delivery }
}

/** Erasure of a task. */
export const ERASE_CASES: Cases = {
  async 'erase() removes the events of one task, and resolves with their number' (t, open) {
    const store = await open()
    for (const one of drafts(3)) await store.append('a', one)
    const { event } = await store.append('b', draft('one'))
    t.strictSame(await store.erase('a', []), { events: 3, callbacks: 0 })
    t.strictSame(await readAll(store, 'a'), [])
    t.strictSame(await readAll(store, 'b'), [event])
    t.strictSame(await store.erase('a', []), { events: 0, callbacks: 0 })
  },

  async 'erase() leaves nothing of an unknown task' (t, open) {
    const store = await open()
    t.strictSame(await store.erase('a', []), { events: 0, callbacks: 0 })
    t.equal((await store.extent('a')).last, 0)
    t.equal((await store.append('a', draft('one'))).event.seq, 1)
  },

  async 'erase() makes ids from before unknown, and append() goes on with the next seq' (t, open) {
    const store = await open()
    for (const one of drafts(2)) await store.append('a', one)
    const ids = (await readAll(store, 'a')).map(({ id }) => id)
    await store.erase('a', [])
    const { first, last, newest } = await store.extent('a')
    t.strictSame([first, last, newest], [3, 2, undefined])
    const { event } = await store.append('a', draft('draft 2'))
    t.equal(event.seq, 3)
    for (const id of ids) t.equal(await store.read('a', id, 10), undefined)
    t.strictSame(await store.read('a', event.id, 10), [])
  },

  async 'erase() removes the given callbacks from quarantine' (t, open) {
    const store = await open()
    for (const body of ['one', 'two', 'three']) await store.quarantine.hold(held(body))
    t.strictSame(await store.erase('a', [1, 3, 7]), { events: 0, callbacks: 2 })
    t.strictSame((await store.quarantine.list()).map(({ id }) => id), [2])
  },

  async 'erase() removes the submissions of the task' (t, open) {
    const store = await open()
    const patience = { askAfterMs: 0, giveUpMs: 1000 }
    for (const taskId of ['a', 'b']) await store.submissions.watch({ id: taskId, taskId, step: 'validate' }, patience)
    await store.submissions.watch({ id: 'v', taskId: 'a', step: 'generate' }, patience)
    await store.erase('a', [])
    t.strictSame(await store.submissions.of('a'), [])
    t.equal((await store.submissions.of('b')).length, 1)
  },

  async 'append() recognises a delivery whose event was erased, and appends nothing' (t, open) {
    const store = await open({ dedupeWindowMs: 0 })
    const { event: { id } } = await store.append('a', delivered('one', 'key'))
    await store.append('a', draft('two'))
    await store.erase('a', [])
    const event = { taskId: 'a', seq: 1, id, event: 'task-update', data: '{}' }
    t.strictSame(await store.append('a', delivered('one', 'key')), { event, duplicate: true })
    await t.rejects(store.append('a', delivered('two', 'key')), REJECTED)
    t.strictSame(await store.quarantine.hold(held('one', 'key')), event)
    t.strictSame(await readAll(store, 'a'), [])
    await store.append('a', draft('three'))
    t.equal((await store.append('a', delivered('one', 'key'))).event.id, id)
    t.strictSame(seqs(await readAll(store, 'a')), [3])
  },

  async 'append() recognises the deliveries of other tasks by their events after erase()' (t, open) {
    const store = await open({ dedupeWindowMs: 0 })
    await store.append('a', delivered('one', 'key'))
    const { event } = await store.append('b', delivered('two', 'key of b'))
    await store.quarantine.hold(held('three', 'key of a callback'))
    await store.erase('a', [])
    t.strictSame(await store.append('b', delivered('two', 'key of b')), { event, duplicate: true })
    t.equal((await store.append('b', delivered('three', 'key of a callback'))).duplicate, false)
  },

  async 'append() recognises a delivery whose callback was erased from quarantine' (t, open) {
    const store = await open()
    await store.quarantine.hold(held('one', 'key'))
    await store.erase('a', [1])
    t.equal((await store.append('a', delivered('one', 'key'))).duplicate, true)
    t.equal((await store.quarantine.hold(held('one', 'key')))?.taskId, 'a')
    t.strictSame(await store.quarantine.list(), [])
    t.equal((await store.extent('a')).last, 0)
  },

  async 'append() recognises it after the task went on and was trimmed' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    const { event: { id } } = await store.append('a', delivered('one', 'key'))
    await store.erase('a', [])
    await store.append('a', draft('two'))
    time += 1000
    await store.trim(1000, nobody)
    time += 1000 * MARK_LIVES
    await store.trim(1000, nobody)
    t.strictSame((await store.append('a', delivered('one', 'key'))).event.id, id)
  },

  async 'moved() resolves with an erased task' (t, open) {
    const store = await open()
    const { event } = await store.append('a', draft('one'))
    const newest = new Map([['a', event.id]])
    await store.moved(newest)
    await store.erase('a', [])
    const moved = await store.moved(newest)
    // A store may leave out what it did itself.
    t.equal(moved.size === 0 || moved.get('a') !== event.id, true)
  }
}
