/**
 * A clock that never goes back and never jumps: the wall clock as it was at the start, plus the time that passed since.
 *
 * @param floor - the latest time that an earlier life of the store has written, in milliseconds since 1970
 * @returns milliseconds since 1970
 */
export function createClock (floor = 0): () => number {
  const offset = Math.max(Date.now(), floor) - performance.now()
  return () => offset + performance.now()
}
