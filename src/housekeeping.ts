import { MAX_TIMER_MS } from '../schemas/config.ts'
import type { Hub } from './hub/hub.ts'
import type { Replayed } from './hub/replay.ts'
import { readHeld } from './suno/callback.ts'

const TRIMS_PER_RETENTION = 24

/** The part of a logger that housekeeping writes to. */
export interface Log {
  info (details: object, message: string): void
  error (details: object, message: string): void
}

/**
 * Replays the quarantined callbacks that an earlier version could not read. Logs a failure and never rejects.
 *
 * @param onReplayed - called with each callback that was read again
 */
export async function replayQuarantine (hub: Hub, log: Log, onReplayed: (replayed: Replayed) => void): Promise<void> {
  try {
    for (const replayed of await hub.replay(readHeld)) {
      const { id, event, reason } = replayed
      onReplayed(replayed)
      log.info({ id, taskId: event?.taskId, eventId: event?.id, reason }, event ? 'replayed' : 'still in quarantine')
    }
  } catch (error) {
    // The callbacks stay in quarantine. A store that fails at the start is reported by the calls that need it.
    log.error({ err: error }, (error as Error).message)
  }
}

/**
 * Trims the store, a twenty-fourth of the retention after the last pass ended.
 *
 * @param retentionMs - milliseconds; 0 never trims
 * @returns a function that stops it
 */
export function trimPeriodically (hub: Hub, log: Log, retentionMs: number): () => void {
  let timer: NodeJS.Timeout | undefined
  let stopped = retentionMs === 0

  function schedule (): void {
    if (!stopped) timer = setTimeout(pass, Math.min(retentionMs / TRIMS_PER_RETENTION, MAX_TIMER_MS)).unref()
  }

  async function pass (): Promise<void> {
    try {
      const tasks = await hub.trim(retentionMs)
      if (tasks > 0) log.info({ tasks }, 'trimmed')
    } catch (error) {
      // A stop closes the store under the pass that is running.
      if (!stopped) log.error({ err: error }, (error as Error).message)
    }
    schedule()
  }

  schedule()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
