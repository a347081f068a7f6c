import type { Hub } from '../hub/hub.ts'

const CACHE_MS = 5000

/** Whether a relay takes callbacks, and the reason if not. */
export interface Readiness {
  readonly ready: boolean
  readonly reason: string | null
}

/** Parts of a relay that readiness depends on. */
export interface ReadinessOptions {
  readonly hub: Pick<Hub, 'check'>
  readonly streams: { readonly draining: boolean }
  /** Monotonic clock, in milliseconds. */
  readonly now?: () => number
}

/** Creates a check of readiness for frequent callers: it writes to the store at most once in five seconds. */
export function createReadiness (
  { hub, streams, now = () => performance.now() }: ReadinessOptions
): () => Promise<Readiness> {
  let checkedAt = -Infinity
  let last: Promise<string | null> | undefined

  async function check (): Promise<string | null> {
    try {
      await hub.check()
      return null
    } catch (error) {
      return (error as Error).message
    }
  }

  return async () => {
    if (streams.draining) return { ready: false, reason: 'The server is stopping' }
    if (!last || now() - checkedAt >= CACHE_MS) {
      checkedAt = now()
      last = check()
    }
    const reason = await last
    return { ready: reason === null, reason }
  }
}
