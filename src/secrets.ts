import { hash, timingSafeEqual } from 'node:crypto'

/** Compares two texts in a time that does not depend on how much of them is equal. */
export function isSameSecret (a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'))
}
