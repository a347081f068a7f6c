import { hash, timingSafeEqual } from 'node:crypto'

/** Compares two texts in a time that does not depend on the part of them that is equal. */
export function isSameSecret (a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b))
}

/** Returns a check whether a text is one of the secrets. Its time does not depend on the secrets or on their order. */
export function secretCheck (secrets: readonly string[]): (text: string) => boolean {
  const digests = secrets.map(digest)
  return (text) => {
    const found = digest(text)
    return digests.filter((known) => timingSafeEqual(known, found)).length > 0
  }
}

function digest (text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
