import { RelayError } from '../errors.ts'

const MOST_HELD = 1000
const MOST_HELD_BYTES = 16_777_216

/** Whether a quarantine may hold `count` callbacks whose bodies weigh `bytes`. */
export function hasRoom (count: number, bytes: number): boolean {
  return count <= MOST_HELD && bytes <= MOST_HELD_BYTES
}

/** What a callback is refused with that a quarantine has no room for. */
export function quarantineFull (): RelayError {
  return new RelayError('QUARANTINE_FULL', 'Cannot keep the callback: the quarantine is full, expected room in it')
}
