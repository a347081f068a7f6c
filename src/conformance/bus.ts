import { once } from 'node:events'
import type { EventBus, News } from '../bus/bus.ts'
import { numbers } from './drafts.ts'
import type { Tester } from './tester.ts'

type Cases = Readonly<Record<string, (t: Tester, bus: EventBus) => Promise<void>>>

/**
 * Tests that a bus keeps the contract of {@link EventBus}: an adapter is done when it passes.
 *
 * News may get lost on a bus that is not lossless; the suite takes for granted that none does while it runs.
 *
 * @param t - a test, such as tap's
 * @param name - what the names of the subtests begin with
 * @param open - called once for every subtest; the suite closes what it gives
 */
export function busConformance (t: Tester, name: string, open: () => EventBus | Promise<EventBus>): void {
  for (const [behaviour, show] of Object.entries(CASES)) {
    t.test(`${name} ${behaviour}`, async (t) => {
      const bus = await open()
      t.teardown(() => bus.close())
      await show(t, bus)
    })
  }
}

const CASES: Cases = {
  async 'publish() tells every listener of the task' (t, bus) {
    const ears = [await listen(bus, 'a'), await listen(bus, 'a')]
    await bus.publish(news('a', 1))
    for (const ear of ears) t.strictSame(await ear.heard(1), [news('a', 1)])
  },

  async 'publish() tells news in the order in which it was published' (t, bus) {
    const ear = await listen(bus, 'a')
    const all = numbers(100).map((seq) => news('a', seq))
    for (const one of all) await bus.publish(one)
    t.strictSame(await ear.heard(100), all)
  },

  async 'publish() tells nobody of other tasks' (t, bus) {
    const [a, b] = [await listen(bus, 'a'), await listen(bus, 'b')]
    await bus.publish(news('a', 1))
    await bus.publish(news('b', 1))
    t.strictSame(await b.heard(1), [news('b', 1)])
    t.strictSame(await a.heard(1), [news('a', 1)])
  },

  async 'publish() resolves when nobody listens' (t, bus) {
    t.equal(await bus.publish(news('a', 1)), undefined)
  },

  async 'unsubscribe() ends its own listener only, and may be called twice' (t, bus) {
    const [gone, stays] = [await listen(bus, 'a'), await listen(bus, 'a')]
    gone.unsubscribe()
    gone.unsubscribe()
    await bus.publish(news('a', 1))
    t.strictSame(await stays.heard(1), [news('a', 1)])
    t.strictSame(await gone.heard(0), [])
  },

  async 'subscribe() works again after the last listener has left' (t, bus) {
    const gone = await listen(bus, 'a')
    gone.unsubscribe()
    const ear = await listen(bus, 'a')
    gone.unsubscribe()
    await bus.publish(news('a', 1))
    t.strictSame(await ear.heard(1), [news('a', 1)])
  },

  async 'close() ends every subscription, and may be called twice' (t, bus) {
    const ear = await listen(bus, 'a')
    await bus.close()
    await bus.close()
    await bus.publish(news('a', 1)).catch(() => {})
    t.strictSame(await ear.heard(0), [])
  }
}

function news (taskId: string, seq: number): News {
  return { taskId, seq, id: `epoch.${seq}`, event: 'task-update', data: '{"a":"\\u0000 \\n ä"}' }
}

/** Listens to a task; `heard(count)` resolves with all that was heard once it is that much. */
async function listen (bus: EventBus, taskId: string) {
  const ear = new EventTarget()
  const all: News[] = []
  const unsubscribe = await bus.subscribe(taskId, (one) => {
    all.push(one)
    ear.dispatchEvent(new Event('news'))
  })
  async function heard (count: number): Promise<News[]> {
    while (all.length < count) await once(ear, 'news')
    return all
  }
  return { unsubscribe, heard }
}
