import type { Replay } from '../../schemas/event.ts'
import type { Extent } from '../store/store.ts'

/** Where a follower starts: every event whose seq is above `after` is for it. */
export interface Position {
  readonly after: number
  /** The same as an event id: the cursor before the replay. */
  readonly cursor: string
  /** true: the cursor it came with is not known here, so it may have missed events. */
  readonly gap: boolean
  /** What was kept when it came. */
  readonly extent: Extent
}

/**
 * Turns what a follower says it has into the place where it goes on.
 *
 * A cursor that is of another epoch, ahead of the task, before what is kept, or no event id at all means everything
 * that is kept, and a gap.
 *
 * @param cursor - the last event id that the follower has; undefined or empty for none
 * @param replay - what a follower without a cursor gets of the past
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
