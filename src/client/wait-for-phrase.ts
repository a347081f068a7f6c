import type { PhraseReadyEvent } from '../../schemas/relay-event.ts'
import { PhraseFailed, WaitTimeout } from './errors.ts'
import type { WatchOptions } from './options.ts'
import { withTimeout } from './timing.ts'
import { watchTask, type TaskEvents } from './watch-task.ts'

/** Options for `waitForPhrase`. */
export interface WaitOptions extends WatchOptions {
  /** Max time to wait, in milliseconds; 0 for no limit. Default 120,000: a phrase usually takes half a minute. */
  readonly timeoutMs?: number | undefined
}

/**
 * Waits for a task's phrase. A phrase that the server already has counts. To wait for another one, pass the `cursor` of
 * the last event. A phrase expires within minutes: `data.receivedAt` tells its age.
 *
 * @throws {PhraseFailed} if the vendor reports a failure
 * @throws {WaitTimeout} if no phrase arrives within `timeoutMs`, or if the relay gives up
 * @throws {WatchRefused | TypeError} as `watchTask` does
 */
export async function waitForPhrase (
  baseUrl: string | URL, taskId: string, options: WaitOptions = {}
): Promise<PhraseReadyEvent> {
  const { timeoutMs = 120_000 } = options
  const events = watchTask(baseUrl, taskId, options)
  const phrase = await withTimeout(timeoutMs || Infinity, undefined, firstPhrase(events)).finally(() => events.return())
  if (!phrase) throw new WaitTimeout(events.status.failure)
  return phrase
}

/** Resolves with undefined if the relay gives up. */
async function firstPhrase (events: TaskEvents): Promise<PhraseReadyEvent | undefined> {
  for await (const event of events) {
    if (event.event === 'phrase-ready') return event
    if (event.event === 'phrase-failed') throw new PhraseFailed(event)
    if (event.event === 'task-timeout') return
  }
}
