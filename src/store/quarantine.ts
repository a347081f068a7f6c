import type { EventDraft, TaskEvent } from '../../schemas/event.ts'
import type { Held, HeldDraft, HeldSummary } from '../../schemas/quarantine.ts'
import { RelayError } from '../errors.ts'
import type { Appended } from './store.ts'

const MOST_HELD = 1000
const MOST_HELD_BYTES = 16_777_216

/**
 * Holds callbacks that are authentic but could not be read, until a later version can read them.
 *
 * What is held stays: a full quarantine refuses the next callback, and never forgets an earlier one for it. Like events
 * they go when the store is trimmed. Every method rejects with a {@link RelayError} `STORE_UNAVAILABLE` while the store
 * cannot do its work.
 */
export interface Quarantine {
  /**
   * Holds a callback; resolves once that survives a power cut. A delivery that was held before is not held again.
   *
   * @returns the event that this delivery became before, if it did; then nothing is held
   * @throws {RelayError} `CALLBACK_UNAUTHENTIC` when the delivery came with another body before and that is refused;
   *   `QUARANTINE_FULL` when 1,000 callbacks or 16 MiB would be exceeded
   */
  hold (held: HeldDraft): Promise<TaskEvent | undefined>
  /** All that is held, oldest first. */
  list (): Promise<HeldSummary[]>
  get (id: number): Promise<Held | undefined>
  /**
   * Appends the event that a held callback is, and holds it no longer, both or neither; of several who try, one does.
   * A delivery is known by that event from then on, and one that has become an event meanwhile becomes no second one.
   *
   * @returns undefined when it is not held any more
   */
  release (id: number, taskId: string, draft: EventDraft): Promise<Appended | undefined>
  /** Forgets a held callback; false when it is not held. */
  drop (id: number): Promise<boolean>
}

/** Whether a quarantine may hold `count` callbacks whose bodies weigh `bytes`. */
export function hasRoom (count: number, bytes: number): boolean {
  return count <= MOST_HELD && bytes <= MOST_HELD_BYTES
}

/** What a callback is refused with that a quarantine has no room for. */
export function quarantineFull (): RelayError {
  return new RelayError('QUARANTINE_FULL', 'Cannot keep the callback: the quarantine is full, expected room in it')
}
