import type { State } from './state.ts'

/** Whether an event is to be handed over: moves the cursor to it, unless it or a later one was handed over before. */
export function take (state: State, id: string): boolean {
  const steps = state.cursor ? distance(state.cursor, id) : 1
  if (steps <= 0) return false
  if (steps !== 1) state.options.onGap?.()
  state.cursor = id
  return true
}

/** Goes to where the server's history begins: it does not know the cursor. */
export function startOver (state: State, cursor = ''): void {
  state.cursor = cursor
  state.replay = 'all'
  state.options.onGap?.()
}

/** How many events `to` is after `from`, both `<epoch>.<seq>`; NaN when they are not of the same history. */
export function distance (from: string, to: string): number {
  const [epoch, seq] = from.split('.')
  const [otherEpoch, otherSeq] = to.split('.')
  return epoch === otherEpoch ? Number(otherSeq) - Number(seq) : NaN
}
