// With two bytes for each text and eight bits set, one of 1,700 other texts passes.
const BYTES_EACH = 2
const HASHES = 8

/** Two hashes of a text, as 32 bits. */
export interface Hash {
  readonly first: number
  readonly second: number
}

/** Hashes a text, twice with FNV-1a. */
export function hashOf (text: string): Hash {
  let [first, second] = [0x811c9dc5, 0x01000193]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    first = Math.imul(first ^ code, 0x01000193)
    second = Math.imul(second ^ code, 0x85ebca6b)
  }
  return { first: mix(first), second: mix(second) }
}

/** Makes every bit of a hash depend on all of its bits. */
function mix (hash: number): number {
  const half = Math.imul(hash ^ hash >>> 16, 0x7feb352d)
  return (half ^ half >>> 15) >>> 0
}

/** Creates a filter: a set of texts that may also seem to have some others. */
export function createFilter (texts: readonly string[]): Uint8Array {
  const filter = new Uint8Array(Math.max(texts.length * BYTES_EACH, 1))
  for (const text of texts) {
    const { first, second } = hashOf(text)
    for (let i = 0; i < HASHES; i++) {
      const bit = bitOf(first + i * second, filter)
      filter[bit >>> 3]! |= 1 << (bit & 7)
    }
  }
  return filter
}

/** Whether a filter may have the text of a hash. */
export function mayHave (filter: Uint8Array, { first, second }: Hash): boolean {
  for (let i = 0; i < HASHES; i++) {
    const bit = bitOf(first + i * second, filter)
    if ((filter[bit >>> 3]! & 1 << (bit & 7)) === 0) return false
  }
  return true
}

function bitOf (hash: number, { length }: Uint8Array): number {
  return hash % (length * 8)
}
