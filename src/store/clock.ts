/**
 * Creates a clock that never goes back and never jumps: the wall clock at the start, plus the time that passed since.
 *
 * @param floor - the latest time in the store, in milliseconds since 1970
 * @returns a function that returns milliseconds since 1970
 */
export function createClock (floor = 0): () => number {
  const offset = Math.max(Date.now(), floor) - performance.now()
  return () => offset + performance.now()
}
