import { request, type IncomingMessage } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import fc from 'fast-check'
import t from 'tap'
import { createHub, localBus } from '../../src/index.ts'
import type { EventBus, Follower, Hub } from '../../src/index.ts'
import { memoryHistory, renewFork } from '../../src/store/memory/history.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { copyMemory } from '../support/histories.ts'
import { distantStore } from '../support/distant-store.ts'
import { lossyBus } from '../support/lossy-bus.ts'
import { startRelay } from '../support/relay.ts'
import type { EventDraft, TaskEvent } from '../../src/event.ts'

const seed = Number(process.env.SEED ?? Date.now() % 1e9)
let serial = 0
const draft = (): EventDraft => ({ event: 'task-update', data: '{}', digest: String(++serial) })

type Act = 'publish' | 'come' | 'stall' | 'resume' | 'leave' | 'return' | 'fork' | 'save' | 'rollBack'
type Script = Array<[act: Act, watcher: number, breathe: boolean]>

/** Scripts of acts, each with a watcher, and whether the event loop turns before the next one. */
function scripts (...acts: Act[]): fc.Arbitrary<Script> {
  const act = fc.constantFrom(...acts)
  return fc.array(fc.tuple(act, fc.nat(7), fc.boolean()), { minLength: 20, maxLength: 120 })
}

const LASTING = ['publish', 'publish', 'publish', 'come', 'stall', 'resume', 'leave', 'return', 'fork'] as const
const FATES = ['told', 'lost', 'doubled', 'late'] as const
const fates = fc.array(fc.constantFrom(...FATES), { minLength: 1, maxLength: 12 })

/** Creates a watcher: it takes events unless it stalls, leaves, and returns with its cursor, also after a loss. */
function createWatcher (hub: Hub) {
  const seen: TaskEvent[] = []
  let cursor: string | undefined
  let stalled = false
  let follower: Follower | undefined
  let visit = 0
  let present = false
  let losses = 0
  let gaps = 0

  function deliver (event: TaskEvent): boolean {
    if (stalled) return false
    seen.push(event)
    cursor = event.id
    return true
  }

  async function come (): Promise<void> {
    leave()
    const mine = visit
    present = true
    const { follower: arrived, position } = await hub.follow('a', { cursor, replay: 'all' }, { deliver, onLost })
    // It has left or come again in the meantime.
    if (mine !== visit) return arrived.stop()
    if (position.gap) {
      gaps++
      // The client starts again from the oldest event.
      seen.length = 0
      cursor = undefined
    }
    follower = arrived
    follower.resume()
  }

  function onLost (): void {
    losses++
    come()
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
    present: () => present,
    counts: () => ({ losses, gaps })
  }
}

/** Creates a history that can be saved, and rolled back to what was saved. */
function unsteadyHistory () {
  const history = memoryHistory()
  let restore = copyMemory(history)
  return {
    history,
    fork () { renewFork(history) },
    save () { restore = copyMemory(history) },
    rollBack () {
      restore()
      renewFork(history)
    }
  }
}

async function play (hub: Hub, { history, fork, save, rollBack }: ReturnType<typeof unsteadyHistory>, script: Script) {
  const watchers = Array.from({ length: 8 }, () => createWatcher(hub))
  const pending: Array<Promise<{ event: TaskEvent } | void>> = []
  for (const [act, index, breathe] of script) {
    const watcher = watchers[index] as typeof watchers[number]
    if (act === 'publish') pending.push(hub.publish('a', draft()))
    else if (act === 'come' || act === 'return') pending.push(watcher.come())
    else ({ ...watcher, fork, save, rollBack })[act]()
    if (breathe) await turn()
  }
  const published = (await Promise.all(pending)).flatMap((appended) => appended ? [appended.event] : [])
  // A watcher that is present gets the rest by itself; the others return.
  for (const watcher of watchers) {
    watcher.resume()
    if (!watcher.present()) await watcher.come()
  }
  const kept = history.tasks.get('a')?.events ?? []
  const isCurrent = ({ seen }: typeof watchers[number]): boolean => seen.map(({ id }) => id).join() === idsOf(kept)
  for (let turns = 0; !watchers.every(isCurrent); turns++) {
    if (turns > 50_000) throw new Error(`kept ${idsOf(kept)}, saw ${watchers.map(({ seen }) => idsOf(seen)).join(' ')}`)
    await turn()
  }
  return { watchers, published }
}

function idsOf (events: readonly TaskEvent[]): string {
  return events.map(({ id }) => id).join()
}

for (const kind of ['every news delivered', 'news lost, doubled and late'] as const) {
  function bus (plan: Parameters<typeof lossyBus>[0]): EventBus {
    return kind === 'every news delivered' ? localBus() : lossyBus(plan)
  }

  t.test(`follow: watchers see every event once and in order, with ${kind} (seed ${seed})`, async t => {
    await fc.assert(fc.asyncProperty(scripts(...LASTING), fates, async (script, plan) => {
      const unsteady = unsteadyHistory()
      const hub = createHub({ store: distantStore(unsteady.history), bus: bus(plan), resyncMs: 5 })
      const { watchers } = await play(hub, unsteady, script)
      await hub.close()
      for (const { counts } of watchers) {
        const { losses, gaps } = counts()
        if (losses + gaps > 0) throw new Error(`${losses} losses and ${gaps} gaps without a loss`)
      }
    }), { seed, numRuns: 300 })
    t.pass()
  })

  t.test(`follow: after rollbacks watchers learn of every loss, with ${kind} (seed ${seed})`, async t => {
    await fc.assert(fc.asyncProperty(scripts(...LASTING, 'save', 'rollBack'), fates, async (script, plan) => {
      const unsteady = unsteadyHistory()
      const hub = createHub({ store: distantStore(unsteady.history), bus: bus(plan), resyncMs: 5 })
      const { published } = await play(hub, unsteady, script)
      await hub.close()
      const ids = published.map(({ id }) => id)
      if (new Set(ids).size < ids.length) throw new Error(`an id was given twice: ${ids.join()}`)
    }), { seed, numRuns: 300 })
    t.pass()
  })
}

type Frame = { readonly id: string, readonly event: string }

/** Reads `max` events of a stream over a socket of its own, and cuts it without a goodbye. */
async function readSome (url: string, cursor: string | undefined, max: number): Promise<Frame[]> {
  const headers = cursor ? { 'last-event-id': cursor } : {}
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(`${url}/events/a?replay=all`, { agent: false, headers }, resolve).on('error', reject).end()
  })
  const events: Frame[] = []
  const parser = new EventSourceParserStream()
  const writer = parser.writable.getWriter()
  const reader = parser.readable.getReader()
  response.setEncoding('utf8').on('data', (chunk) => { writer.write(chunk).catch(() => {}) })
  while (events.length < max) {
    const { value } = await reader.read()
    events.push(value as Frame)
  }
  response.destroy()
  return events
}

const portions = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 })

t.test(`follow: over sockets that are cut at any event, every seq comes once and in order (seed ${seed})`, async t => {
  await fc.assert(fc.asyncProperty(fc.array(portions, { minLength: 1, maxLength: 6 }), async (clients) => {
    const { url, close } = await startRelay(t)
    const total = 60
    const posting = (async () => { for (let i = 0; i < total; i++) await post(url, phraseReady('a', `phrase ${i}`)) })()

    await Promise.all(clients.map(async (portions) => {
      const seen: number[] = []
      let cursor: string | undefined
      for (let i = 0; seen.length < total; i++) {
        const max = Math.min(portions[i % portions.length] as number, total - seen.length)
        const [hello, ...events] = await readSome(url, cursor, max + 1)
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
