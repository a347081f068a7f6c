// An answer waits for about three turns of the event loop: this one, that of the commit, and one before.
const TURN_MS = 100
// A turn that is long with fewer callbacks is a pause, such as a collection of garbage, after which all are kept.
const CALLBACKS_A_TURN = 100

/** Bound on callbacks under way: those that wait for the store, and those that one turn of the event loop takes. */
export interface UnderWay {
  /**
   * Whether another callback can be answered in time: fewer than the limit wait for the store, and this turn of the
   * event loop has not kept callbacks for longer than 100 ms. If more callbacks arrive than can be kept, the turns
   * grow: without a bound, every callback would wait for all before it.
   */
  hasRoom (): boolean
  /** Counts an authentic callback until it is kept, or is not. */
  count<T> (work: Promise<T>): Promise<T>
}

/**
 * Creates a count of callbacks.
 *
 * @param limit - `MAX_CALLBACKS`; 0 is no limit
 */
export function createUnderWay (limit: number, now: () => number = () => performance.now()): UnderWay {
  let number = 0
  const turn = { callbacks: 0, began: 0 }

  function countInTurn (): void {
    if (turn.callbacks++ > 0) return
    turn.began = now()
    setImmediate(() => { turn.callbacks = 0 })
  }

  return {
    hasRoom () {
      if (limit > 0 && number >= limit) return false
      return turn.callbacks < CALLBACKS_A_TURN || now() - turn.began <= TURN_MS
    },

    async count (work) {
      countInTurn()
      number++
      try {
        return await work
      } finally {
        number--
      }
    }
  }
}
