import type { EventDraft, Held, TaskEvent } from '../event.ts'
import { RelayError } from '../errors.ts'
import type { Appended, Quarantine, Settled } from '../store/store.ts'

/** Reads a held callback: its task and its draft. Throws for a callback that is still unreadable. */
export type ReadHeld = (held: Held) => { readonly taskId: string, readonly draft: EventDraft }

/** Outcome of a replayed callback: it became an event, or is still held. */
export interface Replayed {
  readonly id: number
  readonly event?: TaskEvent
  /** Set when the callback was the outcome of a submission that had none before. */
  readonly settled?: Settled
  /** Reason why it is still unreadable. */
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
export async function replayHeld (
  quarantine: Quarantine, read: ReadHeld, { id, onAppended }: ReplayOptions = {}
): Promise<Replayed[]> {
  const results: Replayed[] = []
  for (const held of await quarantine.list()) {
    if (id !== undefined && id !== held.id) continue
    const result = await replayOne(quarantine, held.id, read)
    if (result?.appended) onAppended?.(result.appended)
    if (result) results.push(result.replayed)
  }
  return results
}

/** Resolves with undefined if the callback is no longer in quarantine. */
async function replayOne (quarantine: Quarantine, id: number, read: ReadHeld) {
  const held = await quarantine.get(id)
  if (!held) return undefined
  const stays = (error: unknown) => ({ replayed: { id, reason: (error as Error).message }, appended: undefined })
  let result: ReturnType<ReadHeld>
  try {
    result = read(held)
  } catch (error) {
    return stays(error)
  }
  try {
    const appended = await quarantine.release(id, result.taskId, result.draft)
    if (!appended) return undefined
    const { event, settled } = appended
    return { replayed: { id, event, ...(settled && { settled }) }, appended }
  } catch (error) {
    // It names another task than the token under which it came.
    if (error instanceof RelayError && error.code === 'CALLBACK_UNAUTHENTIC') return stays(error)
    throw error
  }
}
