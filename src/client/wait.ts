import type { EventData, RelayEvent } from '../../schemas/event.ts'
import { PhraseFailed, WaitTimeout } from './errors.ts'
import type { WatchOptions } from './state.ts'
import { within } from './timing.ts'
import { watchTask, type TaskEvents } from './watch.ts'

/** How to wait for a phrase. */
export interface WaitOptions extends WatchOptions {
  /** How long to wait at most, in milliseconds; 0 waits for ever. Default 120,000: a phrase usually takes half a minute. */
  readonly timeoutMs?: number | undefined
}

/** The phrase is in `data.validateInfo`, and its age in `data.receivedAt`: it lives only minutes. */
export type PhraseReady = RelayEvent & { event: 'phrase-ready', data: EventData & { validateInfo: string } }

/**
 * Waits for a task's phrase. With the default `replay` a phrase that is there already counts; after asking for another
 * one pass the `cursor` of what you have.
 *
 * @throws {PhraseFailed} when the vendor failed
 * @throws {WaitTimeout} when none came in `timeoutMs`
 * @throws {WatchRefused} as `watchTask` does
 */
export async function waitForPhrase (baseUrl: string | URL, taskId: string, options: WaitOptions = {}): Promise<PhraseReady> {
  const { timeoutMs = 120_000, onFailure } = options
  let cause: Error | undefined
  const events = watchTask(baseUrl, taskId, {
    ...options,
    onFailure (error) {
      cause = error
      onFailure?.(error)
    }
  })
  const phrase = await within(timeoutMs || Infinity, undefined, firstPhrase(events)).finally(() => events.return())
  if (!phrase) throw new WaitTimeout(timeoutMs, cause)
  return phrase
}

async function firstPhrase (events: TaskEvents): Promise<PhraseReady | undefined> {
  for await (const event of events) {
    if (event.event === 'phrase-ready') return event as PhraseReady
    if (event.event === 'phrase-failed') throw new PhraseFailed(event)
  }
}
