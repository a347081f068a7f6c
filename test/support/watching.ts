import type { Test } from 'tap'
import { watchTask, type RelayEvent, type TaskEvents, type WatchOptions } from '../../src/client/index.ts'

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
