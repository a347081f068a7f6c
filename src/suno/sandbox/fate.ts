import { PROBABILITIES, type SandboxOptions } from './options.ts'

/** The course of one submission, decided when it is accepted. */
export interface Fate extends Readonly<Record<typeof PROBABILITIES[number], boolean>> {
  /** Id for a new task: 32 hexadecimal digits. */
  readonly id: string
  /** Position in a list of phrases, from 0 to 1. */
  readonly position: number
}

/**
 * Returns a source of fates. The same seed brings the same ids and phrases in the same order, whatever the
 * probabilities are: each fate draws the same count of numbers.
 */
export function createFates (options: SandboxOptions): () => Fate {
  const random = createRandom(options.seed)
  return () => {
    const id = Array.from({ length: 4 }, () => hex(random())).join('')
    const position = random()
    const happens = Object.fromEntries(PROBABILITIES.map((name) => [name, random() < options[name]]))
    return { id, position, ...happens } as Fate
  }
}

/** Returns eight hexadecimal digits. */
function hex (part: number): string {
  return Math.floor(part * 0x100000000).toString(16).padStart(8, '0')
}

/** Returns a generator of numbers from 0 to 1, without 1: mulberry32, of which 32 bits are the state. */
function createRandom (seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6D2B79F5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000
  }
}
