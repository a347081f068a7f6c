import type { Replay } from '../../schemas/event.ts'
import type { Extent } from '../store/store.ts'

/** Position at which a follower starts: it gets every event whose seq is above `after`. */
export interface Position {
  readonly after: number
  /** `after` as an event id: the cursor before the replay. */
  readonly cursor: string
  /** true: its cursor is unknown here, so it may have missed events. */
  readonly gap: boolean
  /** Events that were kept when it came. */
  readonly extent: Extent
}

/**
 * Resolves a follower's cursor to a position.
 *
 * A cursor of another epoch, ahead of the task, before the oldest kept event, or that is no event id resolves to all
 * kept events, and a gap.
 *
 * @param cursor - the last event id that the follower has; undefined or empty for none
 * @param replay - the part of the past that a follower without a cursor gets
 */
export function resolveCursor (cursor: string | undefined, replay: Replay, epoch: string, extent: Extent): Position {
  const oldest = extent.first - 1
  const seq = cursor ? readSeq(cursor, epoch) : startOf(replay, extent)
  const known = seq !== undefined && seq >= oldest && seq <= extent.last
  const after = known ? seq : oldest
  return { after, cursor: `${epoch}.${after}`, gap: !known, extent }
}

function readSeq (cursor: string, epoch: string): number | undefined {
  const seq = cursor.startsWith(`${epoch}.`) ? cursor.slice(epoch.length + 1) : ''
  return /^(0|[1-9]\d{0,14})$/.test(seq) ? Number(seq) : undefined
}

function startOf (replay: Replay, { first, last }: Extent): number {
  if (replay === 'none') return last
  return replay === 'all' ? first - 1 : Math.max(first, last) - 1
}
