const UNITS = [['d', 86_400], ['h', 3600], ['min', 60], ['s', 1]]
const MAX_UNITS = 2

/**
 * Formats a duration with its two largest units: `4 s`, `2 min 5 s`, `3 d 4 h`.
 *
 * @param {number} ms milliseconds; a negative duration counts as 0
 */
export function formatAge (ms) {
  let rest = Math.max(0, Math.floor(ms / 1000))
  const parts = []
  for (const [unit, seconds] of /** @type {Array<[string, number]>} */ (UNITS)) {
    const count = Math.floor(rest / seconds)
    rest -= count * seconds
    if (parts.length === MAX_UNITS || (parts.length === 1 && count === 0)) break
    if (count > 0) parts.push(`${count} ${unit}`)
  }
  return parts.join(' ') || '0 s'
}

/**
 * Formats a size: `812 B`, `1.4 MB`.
 *
 * @param {number | null} bytes
 */
export function formatBytes (bytes) {
  if (bytes === null) return 'in memory'
  const names = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = bytes < 1000 ? 0 : Math.min(names.length - 1, Math.floor(Math.log10(bytes) / 3))
  const size = bytes / 1000 ** power
  return `${power > 0 && size < 10 ? size.toFixed(1) : Math.round(size)} ${names[power]}`
}

/**
 * Formats a number, or the sign for an unknown one.
 *
 * @param {number | null} count
 */
export function formatCount (count) {
  return count === null ? 'unknown' : count.toLocaleString('en')
}

/**
 * Formats a time of milliseconds: `0.4 ms`, `12 ms`, `1.2 s`; a dash without one.
 *
 * @param {number | null | undefined} ms
 */
export function formatMs (ms) {
  if (ms === null || ms === undefined) return '–'
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

/** States of tasks, in words. */
export const STATES = new Map([
  ['pending', 'waiting'],
  ['overdue', 'overdue'],
  ['timed-out', 'timed out'],
  ['phrase-ready', 'phrase ready'],
  ['phrase-failed', 'phrase failed'],
  ['voice-ready', 'voice ready'],
  ['voice-failed', 'voice failed']
])

/** Stages of submissions, in words. */
export const STAGES = new Map([
  ['reserved', 'sent to Suno, no answer yet'],
  ['expected', 'waits for its callback'],
  ['overdue', 'overdue, the relay asks Suno'],
  ['settled', 'has its outcome'],
  ['timed-out', 'timed out'],
  ['superseded', 'replaced by a newer one']
])

/** Refusals that come without a text, in words. */
export const REFUSALS = new Map([
  ['CALLBACK_UNAUTHENTIC', 'no valid token or signature'],
  ['ADMIN_TOKEN_INVALID', 'wrong or missing admin token'],
  ['NOT_FOUND', 'a path that does not exist: is the callback URL right?'],
  ['METHOD_NOT_ALLOWED', 'POST to a path that takes none: is the callback URL right?']
])

/**
 * Describes an event in a line: Suno's status and words.
 *
 * @param {{ status?: string | null, msg?: string | null, errorMessage?: string | null, code?: number | null }} data
 */
export function describeEvent ({ status, msg, errorMessage, code }) {
  const facts = [status, errorMessage || msg, code === null || code === 200 ? '' : `code ${code}`]
  return facts.filter(Boolean).join(' · ')
}
