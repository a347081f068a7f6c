/** @import { Scene } from './scenes.js' */

/** Usual life of a phrase, in milliseconds: one vendor accepted a phrase of 151 s and refused one of 181 s. */
export const LIFE_MS = 180_000
const SHORT_MS = 60_000
// A phrase usually takes half of it.
const LATE_MS = 60_000

/**
 * Formats a duration: `0:07`, `2:59`, `1:00:00`.
 *
 * @param {number} ms milliseconds; a negative duration counts as 0
 */
export function formatDuration (ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return (h > 0 ? [h, pad(m), pad(s)] : [m, pad(s)]).join(':')
}

/** @param {number} number */
function pad (number) {
  return String(number).padStart(2, '0')
}

/**
 * Estimates the remaining life of a phrase.
 *
 * @param {number} ageMs milliseconds since it was received
 * @returns {{ seconds: number, state: 'fresh' | 'short' | 'over', words: string }} `seconds` is 0 after its end
 */
export function remainingLife (ageMs) {
  const leftMs = Math.min(LIFE_MS, Math.max(0, LIFE_MS - ageMs))
  if (leftMs === 0) return { seconds: 0, state: 'over', words: `over for about ${formatDuration(ageMs - LIFE_MS)}` }
  const state = leftMs <= SHORT_MS ? 'short' : 'fresh'
  return { seconds: leftMs / 1000, state, words: `about ${formatDuration(leftMs + 999)} left` }
}

/**
 * Describes the time of a scene: the remaining life of its phrase, or the time waited.
 *
 * @param {Scene} scene
 * @param {number} now time of the server, in milliseconds
 */
export function describeClock ({ receivedAt, since, kind }, now) {
  if (receivedAt) {
    const ageMs = now - Date.parse(receivedAt)
    return { age: `Age ${formatDuration(ageMs)}`, ...remainingLife(ageMs) }
  }
  const clock = { age: '', seconds: 0, state: '', words: '' }
  if (!since) return clock
  const ms = now - Date.parse(since)
  if (kind === 'unknown') return { ...clock, words: `Listening for ${formatDuration(ms)}` }
  return { ...clock, words: `Waited ${formatDuration(ms)}`, state: ms > LATE_MS ? 'late' : 'early' }
}

/**
 * Changes of the stage with the state of its clock.
 *
 * @type {Map<string, { spoken: string, headline?: string, hint?: string, more?: string }>} `more` is added to the hint
 */
export const CLOCK_CHANGES = new Map([
  ['short', { spoken: 'The phrase expires in about one minute.' }],
  ['over', {
    spoken: 'The phrase has probably expired.',
    headline: 'Probably expired',
    hint: 'Request a new phrase with the regenerate call. It appears here.'
  }],
  ['late', {
    spoken: 'Suno takes longer than usual.',
    headline: 'Still waiting for Suno',
    more: 'This takes longer than usual.'
  }]
])
