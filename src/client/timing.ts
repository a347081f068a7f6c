const TICK_MS = 1000
const LONGEST_BACKOFF_MS = 30_000

const never = new Promise<never>(() => {})

/**
 * Settles as `work` does, or resolves with undefined once the time is over or the signal aborts.
 *
 * It goes by the clock, for timers stand still while a laptop sleeps: the time slept through counts.
 *
 * @param ms - milliseconds; Infinity waits for ever
 * @param work - when there is none, this is a pause
 */
export function within<T> (ms: number, signal?: AbortSignal, work: Promise<T> = never): Promise<T | undefined> {
  const until = Date.now() + ms
  let timer: ReturnType<typeof setTimeout>
  let look!: () => void
  const over = new Promise<undefined>((resolve) => {
    look = () => {
      const left = signal?.aborted ? 0 : until - Date.now()
      if (left > 0) timer = setTimeout(look, Math.min(left, TICK_MS))
      else resolve(undefined)
    }
    signal?.addEventListener('abort', look)
    look()
  })
  return Promise.race([work, over]).finally(() => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', look)
  })
}

/**
 * How long to wait before the next attempt: twice as long with each failure in a row up to 30 seconds, and somewhere
 * in the upper half of that, so that clients that were cut together do not come back together.
 *
 * @param retryMs - what the server told, in milliseconds
 * @param failures - in a row, before this one
 */
export function backoff (retryMs: number, failures: number): number {
  return Math.max(retryMs, Math.min(retryMs * 2 ** failures, LONGEST_BACKOFF_MS)) * (1 + Math.random()) / 2
}
