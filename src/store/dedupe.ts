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
