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
  return Math.abs(name.length - setting.length) <= max && isWithin(max, name, setting)
}

/**
 * Whether a few single-letter edits lead from one text to another. Equal letters are never worth an edit.
 *
 * @see https://en.wikipedia.org/wiki/Levenshtein_distance
 */
function isWithin (edits: number, a: string, b: string): boolean {
  let same = 0
  while (same < a.length && a[same] === b[same]) same++
  const [restA, restB] = [a.slice(same), b.slice(same)]
  if (restA === restB) return true
  if (edits === 0) return false
  const [nextA, nextB] = [restA.slice(1), restB.slice(1)]
  return isWithin(edits - 1, nextA, nextB) || isWithin(edits - 1, nextA, restB) || isWithin(edits - 1, restA, nextB)
}
