import { formatDuration } from './clock.js'
import { SCENES } from './scenes.js'
/** @import { EventData, EventName } from '../../schemas/event.ts' */
/** @import { Scene } from './scenes.js' */

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
 * Returns the size of a text: the longer it is, the smaller. Letters of Asian scripts count twice.
 *
 * @param {string} text
 */
export function sizeOf (text) {
  const width = [...text].reduce((sum, letter) => sum + (letter >= '\u1100' ? 2 : 1), 0)
  return SIZES.find(([max]) => width <= max)?.[1] ?? 'endless'
}

/** @type {Array<[max: number, size: string]>} */
const SIZES = [[60, ''], [180, 'long'], [360, 'longer'], [600, 'longest']]
