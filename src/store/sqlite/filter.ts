/** Number of texts for which a filter is made. Then one of 1,700 other texts passes; with more texts, more do. */
export const FILTER_TEXTS = 16_384

const HASHES = 8
const BITS = FILTER_TEXTS * 16
const FILTERS_A_BLOCK = 32

/** Creates a filter: a set of texts that may also seem to have some others. */
export function createFilter (texts: readonly string[]): Uint8Array {
  const filter = new Uint8Array(BITS / 8)
  for (const text of texts) {
    const hash = hashOf(text)
    for (let i = 0; i < HASHES; i++) {
      const bit = bitOf(hash, i)
      filter[bit >>> 3]! |= 1 << (bit & 7)
    }
  }
  return filter
}

interface Hash {
  readonly start: number
  readonly step: number
}

/** Returns two hashes of a text, of which its bits in a filter are made. */
function hashOf (text: string): Hash {
  // FNV-1a, and another hash of its kind.
  let [first, second] = [0x811c9dc5, 0x01000193]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    first = Math.imul(first ^ code, 0x01000193)
    second = Math.imul(second ^ code, 0x85ebca6b)
  }
  return { start: mix(first), step: mix(second) }
}

function bitOf ({ start, step }: Hash, i: number): number {
  return start + Math.imul(i, step) & BITS - 1
}

/** Makes every bit of a hash depend on all of its bits. */
function mix (hash: number): number {
  const half = Math.imul(hash ^ hash >>> 16, 0x7feb352d)
  return half ^ half >>> 15
}

/** Many filters, each with a number. A text is looked up in 32 of them at once. */
export interface Filters {
  /** Adds a filter; numbers must ascend. */
  add (number: number, filter: Uint8Array): void
  /** Forgets the filters with other numbers. */
  keep (numbers: ReadonlySet<number>): void
  /** Returns the numbers of the filters that may have a text, in descending order. */
  mayHave (text: string): number[]
}

/** Word `n` has bit `n` of each filter of the block. */
interface Block {
  readonly words: Uint32Array
  readonly numbers: number[]
  /** Bits of the filters that are kept. */
  kept: number
}

/** Creates filters without any. */
export function createFilters (): Filters {
  let blocks: Block[] = []

  return {
    add (number, filter) {
      let block = blocks[0]
      if (!block || block.numbers.length === FILTERS_A_BLOCK) {
        block = { words: new Uint32Array(BITS), numbers: [], kept: 0 }
        blocks.unshift(block)
      }
      const { words, numbers } = block
      const column = numbers.length
      block.kept |= 1 << column
      numbers.push(number)
      for (let i = 0; i < filter.length; i++) {
        const byte = filter[i]!
        if (byte === 0) continue
        for (let bit = 0; bit < 8; bit++) words[i * 8 + bit]! |= (byte >> bit & 1) << column
      }
    },

    keep (kept) {
      for (const block of blocks) {
        block.kept = block.numbers.reduce((bits, number, i) => kept.has(number) ? bits | 1 << i : bits, 0)
      }
      blocks = blocks.filter(({ kept }) => kept !== 0)
    },

    mayHave (text) {
      if (blocks.length === 0) return []
      const hash = hashOf(text)
      return blocks.flatMap(({ words, numbers, kept }) => {
        let may = kept
        for (let i = 0; i < HASHES && may !== 0; i++) may &= words[bitOf(hash, i)]!
        return may === 0 ? [] : numbers.filter((_, i) => (may & 1 << i) !== 0).reverse()
      })
    }
  }
}
