import { RelayError } from '../../errors.ts'

// Time for callbacks that arrive at once. All of them are then answered within a second.
const BURST_MS = 500
// Time for each turn of the event loop soon after a longer one. An answer waits for about three turns: its own, that of
// its commit, and the one before it was read.
const TURN_MS = 75
// A turn that is long with fewer callbacks is a pause, such as a collection of garbage, after which all are kept.
const CALLBACKS_A_TURN = 100

/** Text of a refusal. */
export const OVERLOADED = 'Cannot accept the callback: more arrive than can be kept, retry later'

/** Bound on callbacks under way: those that wait for the store, and those that one turn of the event loop takes. */
export interface UnderWay {
  /**
   * Whether another callback can be answered in time: fewer than the limit wait for the store, and this turn of the
   * event loop has not kept callbacks for longer than 500 ms, or than 75 ms soon after a longer turn. If more
   * callbacks arrive than can be kept, the turns grow. Without a bound, each would wait for all before it.
   */
  hasRoom (): boolean
  /**
   * Starts to keep an authentic callback, and counts it until it is kept, or is not.
   *
   * @throws {RelayError} `OVERLOADED` if there is no room
   */
  count<T> (work: () => Promise<T>): Promise<T>
}

/**
 * Creates a count of callbacks.
 *
 * @param limit - `MAX_CALLBACKS`; 0 is no limit
 */
export function createUnderWay (limit: number, now: () => number = () => performance.now()): UnderWay {
  let number = 0
  const turn = { callbacks: 0, began: 0, maxMs: 0, longEndedAt: -Infinity }

  function endTurn (): void {
    const at = now()
    if (at - turn.began > TURN_MS) turn.longEndedAt = at
    turn.callbacks = 0
  }

  function countInTurn (): void {
    if (turn.callbacks++ > 0) return
    turn.began = now()
    turn.maxMs = turn.began - turn.longEndedAt < BURST_MS ? TURN_MS : BURST_MS
    setImmediate(endTurn)
  }

  function hasRoom (): boolean {
    if (limit > 0 && number >= limit) return false
    return turn.callbacks < CALLBACKS_A_TURN || now() - turn.began <= turn.maxMs
  }

  return {
    hasRoom,

    async count (work) {
      // Asked again: the body or the proof may have come much later than the head.
      if (!hasRoom()) throw new RelayError('OVERLOADED', OVERLOADED)
      countInTurn()
      number++
      try {
        return await work()
      } finally {
        number--
      }
    }
  }
}
