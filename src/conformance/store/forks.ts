import type { Cases, Open, TestHistory } from './cases.ts'
import { draft, drafts, readAll } from '../drafts.ts'
import { epochAt } from '../../store/event-id.ts'
import type { EventStore } from '../../store/store.ts'

const nobody = (): boolean => false

/** Closes a store and opens its history again, under another fork. */
async function reopen (store: EventStore, open: Open, history: TestHistory): Promise<EventStore> {
  await store.close()
  await history.fork?.()
  return open()
}

async function appendAll (store: EventStore, texts: string[]): Promise<string[]> {
  const ids: string[] = []
  for (const text of texts) ids.push((await store.append('a', draft(text))).event.id)
  return ids
}

/** An epoch that changes while nothing is lost. */
export const FORK_CASES: Cases = {
  async 'append() uses the next epoch with the next seq, and earlier events keep theirs' (t, open, history) {
    const first = await open()
    const before = await appendAll(first, ['one', 'two'])
    const epochs = [first.epoch]
    const again = await reopen(first, open, history)
    epochs.push(again.epoch)
    const after = await appendAll(again, ['three'])
    t.equal(epochs[0] === epochs[1], false)
    t.strictSame([...before, ...after], [`${epochs[0]}.1`, `${epochs[0]}.2`, `${epochs[1]}.3`])
    t.strictSame((await readAll(again, 'a')).map(({ id }) => id), [...before, ...after])
  },

  async 'ids from before are known, and no id is known under the other epoch' (t, open, history) {
    const first = await open()
    const old = first.epoch
    await appendAll(first, ['one', 'two'])
    const again = await reopen(first, open, history)
    await appendAll(again, ['three'])
    const read = async (id: string): Promise<number | undefined> => (await again.read('a', id, 10))?.length
    for (const [id, rest] of [[`${old}.0`, 3], [`${old}.1`, 2], [`${old}.2`, 1], [`${again.epoch}.3`, 0]] as const) {
      t.equal(await read(id), rest)
    }
    t.equal(await read(`${again.epoch}.0`), 3)
    for (const id of [`${old}.3`, `${again.epoch}.1`, `${again.epoch}.2`]) t.equal(await read(id), undefined)
  },

  async 'extent() states the epoch of each event, over many epochs' (t, open, history) {
    let store = await open()
    const wanted: string[] = []
    for (const count of [3, 1, 0, 4, 2]) {
      for (const one of drafts(count)) {
        await store.append('a', { ...one, digest: `${wanted.length}` })
        wanted.push(store.epoch)
      }
      store = await reopen(store, open, history)
    }
    const extent = await store.extent('a')
    t.strictSame(wanted.map((_, i) => epochAt(extent, i + 1)), wanted)
    t.equal(epochAt(extent, 0), wanted[0])
    t.equal(extent.epochs.length, new Set(wanted).size)
  },

  async 'the newest id of a trimmed task stays known' (t, open, history) {
    let time = 5000
    const first = await open({ now: () => time })
    const [, two] = await appendAll(first, ['one', 'two'])
    time += 1000
    await first.trim(1000, nobody)
    t.strictSame(await first.read('a', two, 10), [])
    const again = await reopen(first, open, history)
    t.strictSame(await again.read('a', two, 10), [])
    t.equal(await again.read('a', `${again.epoch}.2`, 10), undefined)
    const [three] = await appendAll(again, ['three'])
    t.strictSame((await again.read('a', two, 10))?.map(({ id }) => id), [three])
    t.equal(three, `${again.epoch}.3`)
  }
}

/** A history that is put back to an earlier state. */
export const COPY_CASES: Cases = {
  async 'no id is given to a second event' (t, open, history) {
    const first = await open()
    await appendAll(first, ['one'])
    await first.close()
    const restore = await history.copy!()
    const second = await open()
    const lost = await appendAll(second, ['two', 'three'])
    await second.close()
    await restore()
    const again = await open()
    const ids = await appendAll(again, ['two again', 'three again', 'four'])
    t.strictSame(ids.map((id) => Number(id.split('.')[1])), [2, 3, 4])
    t.strictSame(ids.filter((id) => lost.includes(id)), [])
  },

  async 'ids of lost events are unknown, and ids of events that are there again are known' (t, open, history) {
    const first = await open()
    const [one] = await appendAll(first, ['one'])
    await first.close()
    const restore = await history.copy!()
    const second = await open()
    const lost = await appendAll(second, ['two', 'three'])
    await second.close()
    await restore()
    const again = await open()
    for (const id of lost) t.equal(await again.read('a', id, 10), undefined)
    const [two] = await appendAll(again, ['two again'])
    for (const id of lost) t.equal(await again.read('a', id, 10), undefined)
    t.strictSame((await again.read('a', one, 10))?.map(({ id }) => id), [two])
    t.strictSame(await again.moved(new Map([['a', lost[1] as string]])), new Map([['a', two]]))
  }
}
