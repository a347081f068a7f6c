import type { Test } from 'tap'
import { numbers } from '../../src/conformance/drafts.ts'
import { phraseReady, post } from './callbacks.ts'
import { startRelay, type TestRelay } from './relay.ts'

/** Returns the body of a callback without an outcome. */
export const update = (taskId: string, status: string) => ({ code: 200, data: { taskId, status } })

/** Starts a relay with the documented phrase of task `a`, then `updates` more events. Adds the epoch of its ids. */
export async function phraseWithUpdates (t: Test, updates: number): Promise<TestRelay & { readonly epoch: string }> {
  const relay = await startRelay(t)
  const { json } = await post(relay.url, phraseReady('a'))
  for (const n of numbers(updates)) await post(relay.url, update('a', `status ${n}`))
  return { ...relay, epoch: json.eventId.split('.')[0] }
}
