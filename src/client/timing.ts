const TICK_MS = 1000
const MAX_BACKOFF_MS = 30_000

const never = new Promise<never>(() => {})

/**
 * Settles like `work`, or resolves with undefined when the time is over or the signal aborts.
 *
 * Checks the clock each second, because timers stop while a laptop sleeps: time spent asleep counts.
 *
 * @param ms - milliseconds; Infinity for no limit
 * @param work - leave it out to pause
 */
export function withTimeout<T> (ms: number, signal?: AbortSignal, work: Promise<T> = never): Promise<T | undefined> {
  const until = Date.now() + ms
  let timer: ReturnType<typeof setTimeout>
  let check!: () => void
  const timeout = new Promise<undefined>((resolve) => {
    check = () => {
      const left = signal?.aborted ? 0 : until - Date.now()
      if (left > 0) timer = setTimeout(check, Math.min(left, TICK_MS))
      else resolve(undefined)
    }
    signal?.addEventListener('abort', check)
    check()
  })
  return Promise.race([work, timeout]).finally(() => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', check)
  })
}

/**
 * Returns the delay before the next attempt, in milliseconds. It doubles with each failure in a row, up to 30 seconds.
 * The lower half is random, so that clients that were cut together do not reconnect together.
 *
 * @param retryMs - delay requested by the server, in milliseconds
 * @param failures - number of failures in a row before this one
 */
export function backoff (retryMs: number, failures: number): number {
  return Math.max(retryMs, Math.min(retryMs * 2 ** failures, MAX_BACKOFF_MS)) * (1 + Math.random()) / 2
}
