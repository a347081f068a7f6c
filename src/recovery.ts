import { RelayError } from './errors.ts'
import type { Hub } from './hub/hub.ts'

const CHECK_MS = 5000

/** The part of a logger that the report writes to. */
export interface Log {
  info (details: object, message: string): void
}

/** Report of a store's recovery. */
export interface RecoveryReport {
  /** The hub, with its writes observed. */
  readonly hub: Hub
  /** Stops the checks of a failing store. */
  stop (): void
}

/**
 * Makes the log say when a failing store has recovered. Checks it every five seconds meanwhile, because it may get no
 * callback.
 */
export function reportRecovery (hub: Hub, log: Log): RecoveryReport {
  let failedAt: number | undefined
  let timer: NodeJS.Timeout | undefined

  async function observe<T> (result: Promise<T>): Promise<T> {
    try {
      const value = await result
      recovered()
      return value
    } catch (error) {
      if (error instanceof RelayError && error.code === 'STORE_UNAVAILABLE') failed()
      throw error
    }
  }

  function failed (): void {
    failedAt ??= performance.now()
    timer ??= setInterval(() => { observe(hub.check()).catch(() => {}) }, CHECK_MS).unref()
  }

  function recovered (): void {
    if (failedAt === undefined) return
    log.info({ ms: Math.round(performance.now() - failedAt) }, 'store recovered')
    failedAt = undefined
    stop()
  }

  function stop (): void {
    clearInterval(timer)
    timer = undefined
  }

  const writes: Pick<Hub, 'publish' | 'hold' | 'check'> = {
    publish: (taskId, draft) => observe(hub.publish(taskId, draft)),
    hold: (held) => observe(hub.hold(held)),
    check: () => observe(hub.check())
  }
  return { hub: { ...hub, ...writes }, stop }
}
