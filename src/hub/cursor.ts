import type { Replay } from '../../schemas/event.ts'
import { epochAt, isKnown, parseEventId } from '../store/event-id.ts'
import type { Extent } from '../store/store.ts'

/** Position at which a follower starts: it gets every event whose seq is above `after`. */
export interface Position {
  readonly after: number
  /** Epoch of the event `after`. */
  readonly epoch: string
  /** The cursor before the replay: the event id of `after`. */
  readonly cursor: string
  /** true: the follower's cursor is unknown here, so it may have missed events. */
  readonly gap: boolean
  /** Events that were kept when it came. */
  readonly extent: Extent
}

/**
 * Resolves a follower's cursor to a position.
 *
 * A cursor is known if the event with its seq was kept under its epoch. A cursor of another epoch, ahead of the task,
 * before the oldest kept event, or that is no event id resolves to all kept events, and a gap.
 *
 * @param cursor - the last event id that the follower has; undefined or empty for none
 * @param replay - the part of the past that a follower without a cursor gets
 */
export function resolveCursor (cursor: string | undefined, replay: Replay, extent: Extent): Position {
  const after = cursor ? readSeq(cursor, extent) : startOf(replay, extent)
  const start = after ?? extent.first - 1
  const epoch = epochAt(extent, start)
  return { after: start, epoch, cursor: `${epoch}.${start}`, gap: after === undefined, extent }
}

/** Returns the seq of a known cursor. */
function readSeq (cursor: string, extent: Extent): number | undefined {
  const id = parseEventId(cursor)
  return id && isKnown(extent, id) ? id.seq : undefined
}

function startOf (replay: Replay, { first, last }: Extent): number {
  if (replay === 'none') return last
  return replay === 'all' ? first - 1 : Math.max(first, last) - 1
}
