import { SCENES } from './scenes.js'
/** @import { EventData, EventName } from '../../schemas/event.ts' */
/** @import { Scene } from './scenes.js' */

/** Usual life of a phrase, in milliseconds: one vendor accepted a phrase of 151 s and refused one of 181 s. */
export const LIFE_MS = 180_000
const SHORT_MS = 60_000

const PROGRESS = new Map([
  ['wait_processing', 'The task is queued'],
  ['processing_validate', 'The phrase is being created'],
  ['wait_validating', 'The phrase is almost ready'],
  ['generating_voice', 'The voice is being created']
])

/** @type {Map<number | null, string>} */
const REASONS = new Map([
  [401, 'The API key was not accepted'],
  [402, 'The account has no credits left'],
  [405, 'Too many calls at once'],
  [422, 'The phrase has expired, or the task does not allow this step'],
  [429, 'The account has no credits left, or made too many calls'],
  [430, 'Too many calls at once'],
  [455, 'The voice service is under maintenance']
])

/**
 * Describes an event for people.
 *
 * @param {EventName} name
 * @param {EventData} data
 * @returns {Scene}
 */
export function describeEvent (name, data) {
  switch (name) {
    case 'phrase-ready': return phraseReady(data)
    case 'voice-ready': return voiceReady(data)
    case 'phrase-failed': return phraseFailed(data)
    case 'voice-failed': return voiceFailed(data)
    case 'task-overdue': return SCENES.overdue
    case 'task-timeout': return timedOut(data)
    default: return inProgress(data)
  }
}

/** @param {EventData} data @returns {Scene} */
function phraseReady ({ validateInfo, receivedAt }) {
  const hint = 'Record it in one take, then send the recording with the generate call.'
  return { kind: 'ready', headline: 'Read this aloud', text: `${validateInfo}`, hint, copy: true, receivedAt }
}

/** @param {EventData} data @returns {Scene} */
function voiceReady ({ voiceId }) {
  const hint = 'This is the voice id.'
  return { kind: 'voice', headline: 'The voice is ready', text: `${voiceId}`, hint, copy: true }
}

/** @param {EventData} data @returns {Scene} */
function phraseFailed (data) {
  const hint = `${quote(data)}Request a new phrase with the regenerate call.`
  return { kind: 'failed', headline: 'No phrase', text: reason(data, 'The phrase could not be created'), hint }
}

/** @param {EventData} data @returns {Scene} */
function voiceFailed (data) {
  const hint = `${quote(data)}Request a new phrase and record it again.`
  return { kind: 'failed', headline: 'No voice', text: reason(data, 'The voice could not be created'), hint }
}

/** @param {EventData} data @returns {Scene} */
function timedOut ({ step }) {
  const again = step === 'generate' ? 'Send the recording again' : 'Request a new phrase'
  const hint = `The relay has stopped asking Suno. ${again}, or wait: a late callback still appears here.`
  return { kind: 'failed', headline: 'Timed out', text: 'Suno sent no result in time', hint }
}

/** @param {EventData} data @returns {Scene} */
function inProgress ({ status }) {
  const hint = status ? `The sender reports “${status}”.` : 'The sender reports no status.'
  return { kind: 'wait', headline: 'In progress', text: PROGRESS.get(status ?? '') ?? 'The task is in progress', hint }
}

/**
 * Adds to the scene of a submission how long the wait has lasted and what happens next.
 *
 * @param {Scene} scene
 * @param {string} submittedAt ISO 8601
 * @param {string} askingSince time since which the relay asks Suno, ISO 8601; empty while it waits for the callback
 * @returns {Scene}
 */
export function describeWait (scene, submittedAt, askingSince) {
  const start = formatDuration(Date.parse(askingSince) - Date.parse(submittedAt))
  const asking = `The relay has been asking Suno since ${start}.`
  const next = askingSince ? asking : 'If no callback comes, the relay asks Suno.'
  return { ...scene, since: submittedAt, hint: `${next} ${scene.hint}` }
}

const PROBLEMS = new Map([
  ['SUNO_REFUSED', 'Suno refused the submission'],
  ['SUNO_NO_CREDITS', 'The account has no credits left'],
  ['SUNO_BUSY', 'Too many calls at once'],
  ['SUNO_UNREACHABLE', 'Suno did not answer']
])

/**
 * Describes for people why a submission failed.
 *
 * @param {string} code code of the problem
 * @param {string} detail
 * @returns {Scene}
 */
export function describeProblem (code, detail) {
  const text = PROBLEMS.get(code) ?? 'The submission failed'
  return { kind: 'failed', headline: 'Not submitted', text, hint: detail }
}

/**
 * Describes a message of the stream about itself for people.
 *
 * @param {string} name
 * @param {any} data
 */
export function describeNote (name, data) {
  if (name === 'closing') return CLOSINGS.get(data.reason) ?? 'the server ends the stream'
  if (data.gap) return 'stream opened; events may be missing, because the server no longer has the last one seen here'
  return 'stream opened'
}

const CLOSINGS = new Map([
  ['drain', 'the server is about to stop'],
  ['slow', 'this page reads too slowly'],
  ['ticket-expired', 'the ticket has expired'],
  ['history-lost', 'the server has lost part of its history'],
  ['erased', 'the events of the task have been erased']
])

/**
 * @param {EventData} data
 * @param {string} fallback
 */
function reason ({ voiceId, code, errorCode }, fallback) {
  if (voiceId === 'fail') return 'The recording does not match the phrase'
  return REASONS.get(errorCode || code) ?? REASONS.get(code) ?? fallback
}

/** @param {EventData} data */
function quote ({ code, errorCode, errorMessage, msg }) {
  const message = errorMessage || msg
  return message ? `The sender reports: “${message}” (${errorCode || code}). ` : ''
}

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
  if (leftMs === 0) return { seconds: 0, state: 'over', words: 'probably expired' }
  const state = leftMs <= SHORT_MS ? 'short' : 'fresh'
  return { seconds: leftMs / 1000, state, words: `about ${formatDuration(leftMs + 999)} left` }
}

/**
 * Returns code that does what the page does, with the real URLs.
 *
 * @param {string} base URL of the page, up to its last slash
 * @param {string} taskId
 * @param {boolean} tickets whether a ticket is required; the code then has a placeholder, never the ticket itself
 */
export function snippets (base, taskId, tickets) {
  const url = `${base}events/${taskId}`
  const browserUrl = tickets ? `\`${url}?ticket=\${ticket}\`` : `'${url}'`
  return {
    browser: `const source = new EventSource(${browserUrl})

source.addEventListener('phrase-ready', ({ data }) => {
  const { validateInfo, receivedAt } = JSON.parse(data)
  console.log(validateInfo, receivedAt)
})
source.addEventListener('phrase-failed', ({ data }) => {
  console.log(JSON.parse(data).errorMessage)
})`,
    shell: `curl -N ${tickets ? '-H "Authorization: Bearer $TICKET" ' : ''}${url}`,
    callback: `${base}callback/validate`
  }
}
