import type { EventDraft, Held, TaskEvent } from '../event.ts'
import type { Appended, Quarantine } from '../store/store.ts'

/** Reads a held callback: what is it, and of which task. Throws for one that it cannot read. */
export type ReadHeld = (held: Held) => { readonly taskId: string, readonly draft: EventDraft }

/** What came of a held callback that was read again: it became an event, or is held still. */
export interface Replayed {
  readonly id: number
  readonly event?: TaskEvent
  /** Why it could not be read. */
  readonly reason?: string
}

/** Choices of a replay. */
export interface ReplayOptions {
  /** Id of the one callback to replay. Default: all. */
  readonly id?: number | undefined
  /** Called with each callback that became an event. */
  readonly onAppended?: ((appended: Appended) => void) | undefined
}

/**
 * Reads quarantined callbacks again, oldest first, and releases those that can be read now. Safe to run concurrently:
 * each callback becomes one event.
 *
 * @throws {RelayError} `STORE_UNAVAILABLE` when the store fails; callbacks released by then stay released
 */
export async function replayHeld (quarantine: Quarantine, read: ReadHeld, { id, onAppended }: ReplayOptions = {}): Promise<Replayed[]> {
  const results: Replayed[] = []
  for (const held of await quarantine.list()) {
    const result = id === undefined || id === held.id ? await replayOne(quarantine, held.id, read, onAppended) : undefined
    if (result) results.push(result)
  }
  return results
}

/** Resolves with undefined if the callback is no longer in quarantine. */
async function replayOne (quarantine: Quarantine, id: number, read: ReadHeld, onAppended?: (appended: Appended) => void): Promise<Replayed | undefined> {
  const held = await quarantine.get(id)
  if (!held) return undefined
  let result: ReturnType<ReadHeld>
  try {
    result = read(held)
  } catch (error) {
    return { id, reason: (error as Error).message }
  }
  const appended = await quarantine.release(id, result.taskId, result.draft)
  if (!appended) return undefined
  onAppended?.(appended)
  return { id, event: appended.event }
}
