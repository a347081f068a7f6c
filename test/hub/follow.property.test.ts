import { request, type IncomingMessage } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import fc from 'fast-check'
import t from 'tap'
import { createHub, localBus, memoryStore, type EventStore, type Follower, type Hub } from '../../src/index.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { lossyBus } from '../support/lossy-bus.ts'
import { startRelay } from '../support/relay.ts'
import type { EventDraft, TaskEvent } from '../../src/event.ts'

const seed = Number(process.env.SEED ?? Date.now() % 1e9)
let serial = 0
const draft = (): EventDraft => ({ event: 'task-update', data: '{}', digest: String(++serial) })

/** A store far away: what it answers is as old as the way back is long. */
function distantStore (): EventStore {
  const store = memoryStore()
  return {
    ...store,
    async read (...args) {
      const events = await store.read(...args)
      await turn()
      return events
    },
    async extent (taskId) {
      const extent = await store.extent(taskId)
      await turn()
      return extent
    }
  }
}

type Act = 'publish' | 'come' | 'stall' | 'resume' | 'leave' | 'return'
const acts = fc.array(fc.tuple(fc.constantFrom<Act>('publish', 'publish', 'publish', 'come', 'stall', 'resume', 'leave', 'return'), fc.nat(7), fc.boolean()), { minLength: 20, maxLength: 120 })
const fates = fc.array(fc.constantFrom('told' as const, 'lost' as const, 'doubled' as const, 'late' as const), { minLength: 1, maxLength: 12 })

/** One who watches: takes events unless it stalls, goes and comes back with its cursor. */
function createWatcher (hub: Hub) {
  const seen: number[] = []
  let cursor: string | undefined
  let stalled = false
  let follower: Follower | undefined
  let visit = 0
  let present = false

  function deliver (event: TaskEvent): boolean {
    if (stalled) return false
    seen.push(event.seq)
    cursor = event.id
    return true
  }

  async function come (): Promise<void> {
    leave()
    const mine = visit
    present = true
    const { follower: arrived } = await hub.follow('a', { cursor, replay: 'all' }, { deliver })
    // It has left or come again while it was on its way.
    if (mine !== visit) return arrived.stop()
    follower = arrived
    follower.resume()
  }

  function leave (): void {
    visit++
    present = false
    follower?.stop()
  }

  return {
    seen,
    come,
    stall () { stalled = true },
    resume () {
      stalled = false
      follower?.resume()
    },
    leave,
    present: () => present
  }
}

async function play (hub: Hub, script: Array<[Act, number, boolean]>): Promise<number[][]> {
  const watchers = Array.from({ length: 8 }, () => createWatcher(hub))
  let published = 0
  const publishing: Array<Promise<unknown>> = []
  const coming: Array<Promise<unknown>> = []
  for (const [act, who, breathe] of script) {
    const watcher = watchers[who] as typeof watchers[number]
    if (act === 'publish') {
      published++
      publishing.push(hub.publish('a', draft()))
    } else if (act === 'come' || act === 'return') coming.push(watcher.come())
    else watcher[act]()
    if (breathe) await turn()
  }
  await Promise.all([...publishing, ...coming])
  // Who is there must get the rest by itself; who is not comes back.
  for (const watcher of watchers) {
    watcher.resume()
    if (!watcher.present()) await watcher.come()
  }
  while (watchers.some(({ seen }) => seen.length < published)) await turn()
  return watchers.map(({ seen }) => seen)
}

for (const kind of ['every news told', 'news lost, doubled and late'] as const) {
  t.test(`follow: whoever comes, stalls, leaves and returns sees every seq once and in order, with ${kind} (seed ${seed})`, async t => {
    await fc.assert(fc.asyncProperty(acts, fates, async (script, plan) => {
      const hub = createHub({ store: distantStore(), bus: kind === 'every news told' ? localBus() : lossyBus(plan), resyncMs: 5 })
      const seen = await play(hub, script)
      await hub.close()
      for (const seqs of seen) if (seqs.some((seq, i) => seq !== i + 1)) throw new Error(`saw ${seqs.join()}`)
    }), { seed, numRuns: 400 })
    t.pass()
  })
}

/** Reads a stream over a socket of its own until it has seen as much as it may; cuts it without a goodbye. */
async function readSome (url: string, cursor: string | undefined, most: number): Promise<Array<{ id: string, event: string }>> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(`${url}/events/a?replay=all`, { agent: false, headers: cursor ? { 'last-event-id': cursor } : {} }, resolve).on('error', reject).end()
  })
  const events: Array<{ id: string, event: string }> = []
  const parser = new EventSourceParserStream()
  const writer = parser.writable.getWriter()
  const reader = parser.readable.getReader()
  response.setEncoding('utf8').on('data', (chunk) => { writer.write(chunk).catch(() => {}) })
  while (events.length < most) {
    const { value } = await reader.read()
    events.push(value as { id: string, event: string })
  }
  response.destroy()
  return events
}

t.test(`follow: over sockets that are cut at any event, with cursors, every seq comes once and in order (seed ${seed})`, async t => {
  await fc.assert(fc.asyncProperty(fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 }), async (clients) => {
    const { url, close } = await startRelay(t)
    const total = 60
    const posting = (async () => { for (let i = 0; i < total; i++) await post(url, phraseReady('a', `phrase ${i}`)) })()

    await Promise.all(clients.map(async (portions) => {
      const seen: number[] = []
      let cursor: string | undefined
      for (let i = 0; seen.length < total; i++) {
        const most = Math.min(portions[i % portions.length] as number, total - seen.length)
        const [hello, ...events] = await readSome(url, cursor, most + 1)
        if (hello?.event !== 'subscribed') throw new Error(`the first frame is ${hello?.event}`)
        for (const { id } of events) seen.push(Number((cursor = id).split('.')[1]))
      }
      if (seen.some((seq, i) => seq !== i + 1)) throw new Error(`saw ${seen.join()}`)
    }))
    await posting
    await close()
  }), { seed, numRuns: 15 })
  t.pass()
})
