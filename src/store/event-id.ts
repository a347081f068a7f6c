import type { Extent } from './store.ts'

/** Parsed event id: `<epoch>.<seq>`. */
export interface EventId {
  readonly epoch: string
  readonly seq: number
}

/** Parses an event id; undefined for any other text. */
export function parseEventId (id: string): EventId | undefined {
  const [, epoch, seq] = /^([^.]+)\.(0|[1-9]\d{0,14})$/.exec(id) ?? []
  return epoch === undefined ? undefined : { epoch, seq: Number(seq) }
}

/** Whether an event id is of an epoch. */
export function isOfEpoch (id: string, epoch: string): boolean {
  return id.startsWith(epoch) && id[epoch.length] === '.'
}

/** Returns the epoch of an event id. */
export function epochOf (id: string): string {
  return id.slice(0, id.lastIndexOf('.'))
}

/** Returns the epoch in which an extent has a seq from `first - 1` to `last`. */
export function epochAt ({ epochs }: Extent, seq: number): string {
  return epochs.findLast(({ from }) => from <= seq)?.epoch as string
}

/**
 * Whether an event id is known: the history has that seq under that epoch, and nothing after it was removed.
 *
 * Before the first event of a task any epoch of the same life is known: no event was there to be lost.
 */
export function isKnown (extent: Extent, { epoch, seq }: EventId): boolean {
  if (seq < extent.first - 1 || seq > extent.last) return false
  return isEpochOf({ epoch, seq }, epochAt(extent, seq))
}

/** Whether an event id fits the epoch in which the history has its seq. */
export function isEpochOf ({ epoch, seq }: EventId, kept: string): boolean {
  return seq === 0 ? lifeOf(kept) === lifeOf(epoch) : kept === epoch
}

function lifeOf (epoch: string): string {
  return epoch.split('-', 1)[0] as string
}

/** Returns the newest event id of an extent: `<epoch>.<last>`, whether or not that event is still kept. */
export function newestId (extent: Extent): string {
  return idAt(extent, extent.last)
}

/** Returns the event id of a seq, which is unknown if the extent does not have it. */
export function idAt (extent: Extent, seq: number): string {
  return `${epochAt(extent, Math.max(seq, extent.first - 1))}.${seq}`
}
