import { Writable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { createParser } from 'eventsource-parser'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import fc from 'fast-check'
import t from 'tap'
import { createOpeners } from '../../../src/http/routes/open-stream.ts'
import type { StreamContext } from '../../../src/http/streams/event-stream.ts'
import { createStreams } from '../../../src/http/streams/registry.ts'
import { createHub, type EventDraft, type Hub } from '../../../src/index.ts'
import { distantStore } from '../../support/distant-store.ts'
import { lossyBus } from '../../support/lossy-bus.ts'

const seed = Number(process.env.SEED ?? Date.now() % 1e9)
const TASKS = ['a', 'b', 'c', 'd', 'e']
const WATCHERS = 4
const context: StreamContext = {
  streams: createStreams(0, 0),
  metrics: { opened () {}, ended () {}, slow () {}, readRefused () {} },
  log: { info () {} } as unknown as FastifyBaseLogger,
  retryMs: 0,
  bufferBytes: 512
}
let serial = 0

// Of different lengths, so that some events fit into the rest of a buffer and others do not.
function draft (taskId: string): EventDraft {
  const data = JSON.stringify({ taskId, text: 'x'.repeat(serial * 97 % 400) })
  return { event: 'task-update', data, digest: String(++serial) }
}

/** Response whose reader takes bytes in its own time, and that has no socket. */
class Pipe extends Writable {
  readonly #read: (chunk: Buffer) => void
  #held: (() => void) | undefined
  #stalled = false

  constructor (read: (chunk: Buffer) => void) {
    super({ highWaterMark: 64 })
    this.#read = read
  }

  writeHead (): void {}

  stall (): void {
    this.#stalled = true
  }

  flow (): void {
    this.#stalled = false
    this.#held?.()
  }

  override _write (chunk: Buffer, _encoding: string, done: () => void): void {
    this.#held = () => {
      this.#held = undefined
      this.#read(chunk)
      setImmediate(done)
    }
    if (!this.#stalled) this.#held()
  }
}

/** Creates a watcher of some tasks, which keeps nothing but the id of the last frame that arrived whole. */
function createWatcher (hub: Hub, taskIds: readonly string[]) {
  const { openTaskList } = createOpeners(hub, context)
  const seen = new Map<string, string[]>(taskIds.map((taskId) => [taskId, []]))
  const faults: string[] = []
  let cursor = ''
  let pipe: Pipe | undefined
  let visit = 0

  function onEvent ({ id, event, data }: { id?: string | undefined, event?: string | undefined, data: string }): void {
    const { taskId, eventId, gap } = JSON.parse(data)
    if (id) cursor = id
    if (event === 'subscribed') {
      if (gap) faults.push(`a gap of ${taskId}`)
    } else if (event === 'task-update') seen.get(taskId)?.push(eventId)
    else faults.push(`${event} ${data}`)
  }

  async function come (): Promise<void> {
    leave()
    const mine = visit
    const request = {
      headers: cursor ? { 'last-event-id': cursor } : {}, query: { replay: 'all' }
    } as unknown as FastifyRequest<{ Querystring: { replay: 'all' } }>
    const tasks = taskIds.map((taskId) => ({ taskId, cursor: undefined }))
    const opening = await openTaskList(request, tasks)
    // It has come again in the meantime.
    if (mine !== visit) return opening.feed.stop()
    const parser = createParser({ onEvent })
    // Bytes that arrive after the cut are lost, and a frame may be cut anywhere.
    pipe = new Pipe((chunk) => { if (mine === visit) parser.feed(chunk.toString()) })
    const raw = pipe as Pipe & { socket: object }
    raw.socket = {}
    const reply = { raw, request: { raw: { socket: {} } }, getHeaders: () => ({}), hijack () {} }
    opening.start(reply as unknown as FastifyReply, Infinity)
  }

  function leave (): void {
    visit++
    pipe?.destroy()
    pipe = undefined
  }

  return {
    seen,
    faults,
    come,
    leave,
    stall () { pipe?.stall() },
    async flow () {
      if (!pipe) await come()
      pipe?.flow()
    }
  }
}

const ACTS = ['publish', 'publish', 'publish', 'publish', 'come', 'leave', 'stall', 'flow'] as const
const act = fc.tuple(fc.constantFrom(...ACTS), fc.nat(19), fc.boolean())
const acts = fc.array(act, { minLength: 20, maxLength: 150 })
const lists = fc.array(fc.shuffledSubarray(TASKS, { minLength: 1 }), { minLength: WATCHERS, maxLength: WATCHERS })
const fates = fc.array(fc.constantFrom('told', 'lost', 'doubled', 'late'), { minLength: 1, maxLength: 12 })

t.test(`several tasks: every event once and in order per task, with cuts and slow readers (seed ${seed})`, async t => {
  await fc.assert(fc.asyncProperty(acts, lists, fates, async (script, lists, plan) => {
    const hub = createHub({ store: distantStore(), bus: lossyBus(plan), resyncMs: 5 })
    const watchers = lists.map((taskIds) => createWatcher(hub, taskIds))
    const pending: Array<Promise<unknown>> = []
    for (const [act, index, breathe] of script) {
      const taskId = TASKS[index % TASKS.length] as string
      const watcher = watchers[index % WATCHERS] as typeof watchers[number]
      pending.push(Promise.resolve(act === 'publish' ? hub.publish(taskId, draft(taskId)) : watcher[act]()))
      if (breathe) await turn()
    }
    await Promise.all(pending)
    for (const watcher of watchers) await watcher.flow()
    const kept = new Map<string, string>()
    for (const taskId of TASKS) {
      const { events } = await hub.history(taskId, undefined)
      kept.set(taskId, events.map(({ id }) => id).join())
    }
    const isCurrent = ({ seen }: typeof watchers[number]) => [...seen].every(([id, ids]) => ids.join() === kept.get(id))
    for (let turns = 0; !watchers.every(isCurrent); turns++) {
      if (turns > 20_000) throw new Error(JSON.stringify([[...kept], watchers.map(({ seen }) => [...seen])]))
      await turn()
    }
    for (const watcher of watchers) watcher.leave()
    await hub.close()
    const faults = watchers.flatMap(({ faults }) => faults)
    if (faults.length > 0) throw new Error(faults.join())
  }), { seed, numRuns: 200 })
  t.pass()
})
