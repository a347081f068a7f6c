import type { Cases } from './cases.ts'
import { draft, drafts, readAll, seqs } from '../drafts.ts'
import type { TaskEvent } from '../../event.ts'
import { MAX_PAGE_BYTES } from '../../store/page.ts'
import type { EventStore } from '../../store/store.ts'

/** Reads a page of the task `a` after an id that is known. */
async function page (store: EventStore, after: string | undefined, limit: number): Promise<TaskEvent[]> {
  return await store.read('a', after, limit) as TaskEvent[]
}

/** Reading of events and of their range. */
export const READ_CASES: Cases = {
  async 'read() resolves with the events after an id, oldest first, and no more than asked' (t, open) {
    const store = await open()
    for (const one of drafts(5)) await store.append('a', one)
    const [, two, , four, five] = (await readAll(store, 'a')).map(({ id }) => id)
    t.strictSame(seqs(await page(store, undefined, 2)), [1, 2])
    t.strictSame(seqs(await page(store, two, 2)), [3, 4])
    t.strictSame(seqs(await page(store, four, 2)), [5])
    t.strictSame(await store.read('a', five, 2), [])
  },

  async 'read() resolves with all events after the id before the first' (t, open) {
    const store = await open()
    t.strictSame(await store.read('a', `${store.epoch}.0`, 10), [])
    for (const one of drafts(2)) await store.append('a', one)
    t.strictSame(seqs(await page(store, `${store.epoch}.0`, 10)), [1, 2])
  },

  async 'read() resolves with undefined after an unknown id' (t, open) {
    const store = await open()
    const { epoch } = store
    for (const one of drafts(2)) await store.append('a', one)
    const garbage = ['', 'garbage', '1', epoch, `${epoch}.`, `${epoch}.x`, `${epoch}.01`]
    const unknown = [`${epoch}.3`, `${epoch}x.1`, 'other.1', 'other.0']
    for (const id of [...garbage, ...unknown]) t.equal(await store.read('a', id, 10), undefined)
    t.equal(await store.read('b', `${epoch}.1`, 10), undefined)
  },

  async 'read() ends a page with the event that brings its data to 256 KiB' (t, open) {
    const store = await open()
    const data = JSON.stringify('x'.repeat(MAX_PAGE_BYTES / 2))
    for (const one of drafts(5)) await store.append('a', { ...one, data })
    const [one, two] = await page(store, undefined, 10)
    t.strictSame([one?.seq, two?.seq], [1, 2])
    t.strictSame(seqs(await page(store, two?.id, 10)), [3, 4])
  },

  async 'read() resolves with nothing of an unknown task' (t, open) {
    const store = await open()
    await store.append('a', draft('one'))
    t.strictSame(await readAll(store, 'b'), [])
  },

  async 'extent() resolves with the range of a task, and its epochs' (t, open) {
    const store = await open()
    const epochs = [{ from: 0, epoch: store.epoch }]
    t.strictSame(await store.extent('a'), { first: 1, last: 0, newest: undefined, epochs })
    for (const one of drafts(2)) await store.append('a', one)
    const [, newest] = await readAll(store, 'a')
    t.strictSame(await store.extent('a'), { first: 1, last: 2, newest, epochs })
  },

  async 'moved() resolves with nothing for the newest ids' (t, open) {
    const store = await open()
    const { event } = await store.append('a', draft('one'))
    t.strictSame(await store.moved(new Map([['a', event.id], ['b', `${store.epoch}.0`]])), new Map())
  }
}
