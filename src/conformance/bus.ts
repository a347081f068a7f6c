import { once } from 'node:events'
import type { EventBus, News } from '../bus/bus.ts'
import { numbers } from './drafts.ts'
import type { Tester } from './tester.ts'

/** Backend of buses that no news was published on yet. */
export interface TestBackend {
  /** Connects a bus; the suite closes it. */
  open (): EventBus | Promise<EventBus>
  /** true: several buses may be connected at once, as by several processes. */
  readonly shared?: boolean
  /** Cuts the connection of a bus and lets it come back. Missing: news cannot be missed. */
  cut? (bus: EventBus): Promise<void>
}

type Open = () => Promise<EventBus>
type Cases = Readonly<Record<string, (t: Tester, open: Open, backend: TestBackend) => Promise<void>>>

/**
 * Tests that a bus keeps the contract of {@link EventBus}: an adapter is complete when it passes.
 *
 * A bus may lose news; the suite requires that it loses none while the suite runs, except by `cut()`.
 *
 * @param t - a test, such as tap's
 * @param name - start of the names of the subtests
 * @param newBackend - called once for every subtest
 */
export function busConformance (t: Tester, name: string, newBackend: () => TestBackend): void {
  run(t, name, newBackend, CASES)
  t.test(`${name} on one backend`, async (t) => {
    if (newBackend().shared) run(t, name, newBackend, SHARED_CASES)
  })
  t.test(`${name} that was cut`, async (t) => {
    if (newBackend().cut) run(t, name, newBackend, CUT_CASES)
  })
}

function run (t: Tester, name: string, newBackend: () => TestBackend, cases: Cases): void {
  for (const [behaviour, show] of Object.entries(cases)) {
    t.test(`${name}: ${behaviour}`, async (t) => {
      const backend = newBackend()
      await show(t, async () => {
        const bus = await backend.open()
        t.teardown(() => bus.close())
        return bus
      }, backend)
    })
  }
}

const CASES: Cases = {
  async 'publish() notifies every listener of the task' (t, open) {
    const bus = await open()
    const listeners = [await listen(bus, 'a'), await listen(bus, 'a')]
    await bus.publish(news('a', 1))
    for (const { heard } of listeners) t.strictSame(await heard(1), [news('a', 1)])
  },

  async 'publish() notifies in the order of its calls' (t, open) {
    const bus = await open()
    const { heard } = await listen(bus, 'a')
    const all = numbers(100).map((seq) => news('a', seq))
    for (const one of all) await bus.publish(one)
    t.strictSame(await heard(100), all)
  },

  async 'publish() notifies no listener of another task' (t, open) {
    const bus = await open()
    const [a, b] = [await listen(bus, 'a'), await listen(bus, 'b')]
    await bus.publish(news('a', 1))
    await bus.publish(news('b', 1))
    t.strictSame(await b.heard(1), [news('b', 1)])
    t.strictSame(await a.heard(1), [news('a', 1)])
  },

  async 'publish() delivers 64 KiB with every control character unchanged' (t, open) {
    const bus = await open()
    const { heard } = await listen(bus, 'a')
    const controls = Array.from({ length: 160 }, (_, i) => String.fromCharCode(i)).join('')
    const data = JSON.stringify(`${controls}\u2028\ud83d\ude00${'x'.repeat(65_536)}`)
    await bus.publish({ ...news('a', 1), data })
    t.strictSame((await heard(1)).map((one) => one.data), [data])
  },

  async 'publish() resolves without listeners' (t, open) {
    const bus = await open()
    t.equal(await bus.publish(news('a', 1)), undefined)
  },

  async 'subscribe() resolves for a second listener no earlier than it is notified' (t, open) {
    const bus = await open()
    const [, second] = await Promise.all([listen(bus, 'a'), listen(bus, 'a')])
    await bus.publish(news('a', 1))
    t.strictSame(await second.heard(1), [news('a', 1)])
  },

  async 'subscribe() works while the last listener of the task leaves' (t, open) {
    const bus = await open()
    const first = await listen(bus, 'a')
    first.unsubscribe()
    const second = await listen(bus, 'a')
    first.unsubscribe()
    await bus.publish(news('a', 1))
    t.strictSame(await second.heard(1), [news('a', 1)])
    t.strictSame(await first.heard(0), [])
  },

  async 'subscribe() works for 10,000 tasks at once' (t, open) {
    const bus = await open()
    const heard = new Set<string>()
    const last = new EventTarget()
    const subscriptions = numbers(10_000).map((n) => bus.subscribe(`task ${n}`, ({ taskId }) => {
      heard.add(taskId)
      if (heard.size === 10_000) last.dispatchEvent(new Event('heard'))
    }))
    await Promise.all(subscriptions)
    const all = once(last, 'heard')
    for (const n of numbers(10_000)) await bus.publish(news(`task ${n}`, 1))
    await all
    t.equal(heard.size, 10_000)
  },

  async 'unsubscribe() ends its own listener only, and is idempotent' (t, open) {
    const bus = await open()
    const [first, second] = [await listen(bus, 'a'), await listen(bus, 'a')]
    first.unsubscribe()
    first.unsubscribe()
    await bus.publish(news('a', 1))
    t.strictSame(await second.heard(1), [news('a', 1)])
    t.strictSame(await first.heard(0), [])
  },

  async 'onMissed() calls nobody while nothing is lost' (t, open) {
    const bus = await open()
    let calls = 0
    bus.onMissed(() => { calls++ })
    const { heard } = await listen(bus, 'a')
    await bus.publish(news('a', 1))
    await heard(1)
    t.equal(calls, 0)
  },

  async 'close() ends every subscription, and is idempotent' (t, open) {
    const bus = await open()
    const { heard } = await listen(bus, 'a')
    await bus.close()
    await bus.close()
    await bus.publish(news('a', 1)).catch(() => {})
    t.strictSame(await heard(0), [])
  }
}

const SHARED_CASES: Cases = {
  async 'publish() notifies the listeners of both buses' (t, open) {
    const [bus, other] = [await open(), await open()]
    const listeners = [await listen(bus, 'a'), await listen(other, 'a')]
    await bus.publish(news('a', 1))
    for (const { heard } of listeners) t.strictSame(await heard(1), [news('a', 1)])
  },

  async 'close() leaves the other bus open' (t, open) {
    const [bus, other] = [await open(), await open()]
    const { heard } = await listen(other, 'a')
    await listen(bus, 'a')
    await bus.close()
    await other.publish(news('a', 1))
    t.strictSame(await heard(1), [news('a', 1)])
  }
}

const CUT_CASES: Cases = {
  async 'onMissed() calls its listener once news is delivered again' (t, open, { cut }) {
    const bus = await open()
    const { heard } = await listen(bus, 'a')
    const missed = new Promise<void>((resolve) => { bus.onMissed(resolve) })
    await cut?.(bus)
    await missed
    await bus.publish(news('a', 1))
    t.strictSame((await heard(1)).at(-1), news('a', 1))
  }
}

function news (taskId: string, seq: number): News {
  return { taskId, seq, id: `epoch.${seq}`, event: 'task-update', data: '{"a":"\\u0000 \\n ä"}' }
}

/** Listens to a task; `heard(count)` resolves with all news so far once it is that much. */
async function listen (bus: EventBus, taskId: string) {
  const arrivals = new EventTarget()
  const all: News[] = []
  const unsubscribe = await bus.subscribe(taskId, (one) => {
    all.push(one)
    arrivals.dispatchEvent(new Event('news'))
  })
  async function heard (count: number): Promise<News[]> {
    while (all.length < count) await once(arrivals, 'news')
    return all
  }
  return { unsubscribe, heard }
}
