import { ConfigSchema } from '../schemas/config.ts'

const SETTINGS = Object.keys(ConfigSchema.properties)
// Other programs have variables of such names, a letter or two from ours.
const SHORT = 6

/** A variable that is probably a misspelt setting. */
export interface NearMiss {
  readonly found: string
  readonly setting: string
}

/** Returns the variables whose names differ from a setting in case, a letter or two, or a missing unit. */
export function findNearMisses (names: readonly string[]): NearMiss[] {
  return names.filter((name) => !SETTINGS.includes(name)).flatMap((found) => {
    const setting = SETTINGS.find((setting) => isNear(found.toUpperCase().replaceAll('-', '_'), setting))
    return setting ? [{ found, setting }] : []
  })
}

function isNear (name: string, setting: string): boolean {
  if (name.length > SHORT && setting.startsWith(`${name}_`)) return true
  const max = setting.length <= SHORT ? 1 : 2
  return Math.abs(name.length - setting.length) <= max && distance(name, setting) <= max
}

/**
 * Returns the number of single-letter edits between two texts.
 *
 * @see https://en.wikipedia.org/wiki/Levenshtein_distance
 */
function distance (a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] as number) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] as number) + 1, (next[j] as number) + 1))
    }
    row = next
  }
  return row.at(-1) as number
}
