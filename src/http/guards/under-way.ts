import { RelayError } from '../../errors.ts'

/** Number of callbacks that wait for the store. It is bounded, and so is their memory while the store stands still. */
export interface UnderWay {
  /**
   * Requires that there are fewer than the limit.
   *
   * @throws {RelayError} `OVERLOADED`
   */
  requireRoom (): void
  /** Counts a callback until it is kept, or is not. */
  count<T> (work: Promise<T>): Promise<T>
}

/**
 * Creates a count of callbacks.
 *
 * @param limit - `MAX_CALLBACKS`; 0 is no limit
 */
export function createUnderWay (limit: number): UnderWay {
  let number = 0

  return {
    requireRoom () {
      if (limit === 0 || number < limit) return
      throw new RelayError('OVERLOADED', 'Cannot accept the callback: too many are under way, retry later')
    },

    async count (work) {
      number++
      try {
        return await work
      } finally {
        number--
      }
    }
  }
}
