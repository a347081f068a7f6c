/** Clock of a Redis store, in whole milliseconds since 1970. */
export interface RedisClock {
  /** Returns the time. It never goes back. */
  now (): number
  /** Sets the time, as Redis has answered it. */
  set (time: number): void
}

/**
 * Creates a clock that follows the one of Redis: clocks of nodes differ.
 *
 * @param given - clock to read instead
 */
export function redisClock (given?: () => number): RedisClock {
  let offset = 0
  let last = 0
  const read = given ?? (() => offset + performance.now())
  return {
    now () {
      last = Math.max(last, Math.floor(read()))
      return last
    },
    set (time) { offset = time - performance.now() }
  }
}
