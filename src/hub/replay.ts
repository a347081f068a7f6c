import type { EventDraft, TaskEvent } from '../../schemas/event.ts'
import type { Held } from '../../schemas/quarantine.ts'
import type { Quarantine } from '../store/quarantine.ts'
import type { Appended } from '../store/store.ts'

/** Reads a held callback: what is it, and of which task. Throws for one that it cannot read. */
export type ReadHeld = (held: Held) => { readonly taskId: string, readonly draft: EventDraft }

/** What came of a held callback that was read again: it became an event, or is held still. */
export interface Replayed {
  readonly id: number
  readonly event?: TaskEvent
  /** Why it could not be read. */
  readonly reason?: string
}

/**
 * Reads a held callback again and releases it if it can be read now.
 *
 * @param tell - called with the event that it became
 * @returns undefined when it was not held any more
 */
export async function replayHeld (quarantine: Quarantine, id: number, read: ReadHeld, tell: (appended: Appended) => void): Promise<Replayed | undefined> {
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
  tell(appended)
  return { id, event: appended.event }
}
