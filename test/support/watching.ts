import type { Test } from 'tap'
import type { Config } from '../../schemas/config.ts'
import { watchTask, type RelayEvent, type TaskEvents, type WatchOptions } from '../../src/client/index.ts'
import { startRelay, type TestRelay } from './relay.ts'

/** Watches the task `a`; the watch ends with the test. */
export function watchA (t: Test, url: string | URL, options: WatchOptions = {}): TaskEvents {
  const events = watchTask(url, 'a', options)
  t.teardown(() => events.return())
  return events
}

/** The next event; throws when the watch has ended. */
export async function nextEvent (events: TaskEvents): Promise<RelayEvent> {
  const { done, value } = await events.next()
  if (done) throw new Error('the watch ended')
  return value
}

/** The ids of the next events. */
export async function nextIds (events: TaskEvents, count: number): Promise<string[]> {
  const ids: string[] = []
  while (ids.length < count) ids.push((await nextEvent(events)).id)
  return ids
}

/**
 * A relay that closes at once although a client has just left it: Node's `fetch` then dials anew and asks nothing, and
 * Node's server waits a minute for a connection that has asked nothing.
 */
export async function startWatchedRelay (t: Test, config: Partial<Config> = {}): Promise<TestRelay> {
  const relay = await startRelay(t, config)
  async function close (): Promise<void> {
    const timer = setInterval(() => { relay.app.server.closeAllConnections() }, 20)
    await relay.close()
    clearInterval(timer)
  }
  t.teardown(close)
  return { ...relay, close }
}
