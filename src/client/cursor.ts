import type { Watch } from './watch.ts'

/** Moves the cursor to an event. Returns false if that event, or a later one, was delivered before. */
export function advance (watch: Watch, id: string): boolean {
  const steps = watch.cursor ? distance(watch.cursor, id) : 1
  if (steps <= 0) return false
  if (steps !== 1) watch.onGap?.()
  watch.cursor = id
  return true
}

/** Moves the cursor to the start of the server's history, because the server does not know the old cursor. */
export function startOver (watch: Watch, cursor = ''): void {
  watch.cursor = cursor
  watch.replay = 'all'
  watch.onGap?.()
}

/** Returns the id of the position before an event. */
export function before (id: string): string {
  const [epoch, seq] = id.split('.')
  return `${epoch}.${Number(seq) - 1}`
}

/**
 * Returns how many events `to` is after `from`, both `<epoch>.<seq>`. A new epoch may continue the history of the old
 * one: the next `seq` is then one step. Any other distance between two epochs is NaN.
 */
export function distance (from: string, to: string): number {
  const [epoch, seq] = from.split('.')
  const [otherEpoch, otherSeq] = to.split('.')
  const steps = Number(otherSeq) - Number(seq)
  return epoch === otherEpoch || steps === 1 ? steps : NaN
}
