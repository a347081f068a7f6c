import { RelayError } from '../errors.ts'
import type { Delivery } from '../event.ts'

/** What is remembered of a task's newest event to recognise a repeat of it. */
interface Newest {
  readonly digest: string
  /** When it was kept, in milliseconds. */
  readonly at: number
}

/**
 * Whether a draft is the same delivery again: equal to the task's newest event, and that one is younger than the window.
 *
 * The sender gives no delivery id and retries within seconds. An equal callback after another event, or after the
 * window, tells of something that happened again.
 */
export function isRepeat (newest: Newest, digest: string, now: number, windowMs: number): boolean {
  return newest.digest === digest && now - newest.at < windowMs
}

/** What a delivery is: the first of its key, a repeat, or another body under a key, to be refused or kept. */
export type Verdict = 'first' | 'refused' | 'repeat' | 'kept'

const CONFLICTS = { reject: 'refused', deduplicate: 'repeat', append: 'kept' } as const

/**
 * Judges a delivery by what came under its key before.
 *
 * @param seen - digest of the body that the key came with first; undefined when it did not come before
 */
export function judge (seen: string | undefined, digest: string, { onConflict }: Delivery): Verdict {
  if (seen === undefined) return 'first'
  return seen === digest ? 'repeat' : CONFLICTS[onConflict]
}

/** What a delivery is refused with whose key belongs to another body. */
export function deliveryRefused (): RelayError {
  return new RelayError('CALLBACK_UNAUTHENTIC', 'Cannot keep the callback: its signature came with another body before, expected one of its own')
}
