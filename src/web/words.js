/** @import { EventData, EventName } from '../../schemas/event.ts' */

/** How long a phrase usually lives, in milliseconds: accepted after 151 s and refused after 181 s at one vendor. */
export const LIFE_MS = 180_000
const SHORT_MS = 60_000

/**
 * What the stage shows.
 *
 * @typedef {object} Scene
 * @property {'empty' | 'wait' | 'ready' | 'voice' | 'failed' | 'refused'} kind
 * @property {string} headline what the case is, in a few words
 * @property {string} text what matters most, in large type
 * @property {string} hint what to do now
 * @property {boolean} [copy] whether the text is worth a copy button
 * @property {string} [receivedAt] since when a phrase lives
 */

/** @type {Record<'empty' | 'sample' | 'connecting' | 'waiting' | 'invalid' | 'ticket' | 'notYours', Scene>} */
export const SCENES = {
  empty: { kind: 'empty', headline: 'Nothing to watch yet', text: 'Which task?', hint: 'Enter the task id that the Suno Voice API answered with.' },
  sample: { kind: 'empty', headline: 'Nothing to watch yet', text: 'Which task?', hint: 'Enter the task id that the Suno Voice API answered with, or try a sample to see the whole way.' },
  connecting: { kind: 'wait', headline: 'Connecting', text: 'One moment', hint: 'If this takes long: a browser opens only six streams to one server without HTTP/2, in all its tabs together.' },
  waiting: { kind: 'wait', headline: 'Waiting', text: 'No phrase yet', hint: 'It usually comes 15 to 30 seconds after the call, and appears here by itself.' },
  invalid: { kind: 'refused', headline: 'Cannot watch this', text: 'Not a task id', hint: 'A task id has 1 to 128 characters: letters A to Z, digits, and . _ : -' },
  ticket: { kind: 'refused', headline: 'Cannot watch this', text: 'A valid ticket is needed', hint: 'There was none, or it has expired. Paste a fresh one from your backend: the page goes on where it was.' },
  notYours: { kind: 'refused', headline: 'Cannot watch this', text: 'The ticket is for other tasks', hint: 'Check the task id, or paste a ticket that names this task.' }
}

const PROGRESS = new Map([
  ['wait_processing', 'The task is in the queue'],
  ['processing_validate', 'The phrase is being made'],
  ['wait_validating', 'The phrase is nearly there'],
  ['generating_voice', 'The voice is being made']
])

const REASONS = new Map([
  [401, 'The API key was not accepted'],
  [402, 'The account has no credits left'],
  [405, 'There were too many calls at once'],
  [422, 'The phrase has expired, or the task does not allow this step'],
  [429, 'The account has no credits left, or made too many calls'],
  [430, 'There were too many calls at once'],
  [455, 'The voice service is under maintenance']
])

/**
 * An event in plain words.
 *
 * @param {EventName} name
 * @param {EventData} data
 * @returns {Scene}
 */
export function describe (name, data) {
  switch (name) {
    case 'phrase-ready': return { kind: 'ready', headline: 'Read this aloud', text: `${data.validateInfo}`, hint: 'Record it in one take, then hand the recording to the generate call.', copy: true, receivedAt: data.receivedAt }
    case 'voice-ready': return { kind: 'voice', headline: 'The voice is ready', text: `${data.voiceId}`, hint: 'This is its voice id.', copy: true }
    case 'phrase-failed': return { kind: 'failed', headline: 'No phrase', text: reason(data, 'The phrase could not be made'), hint: `${quote(data)}Ask for a new one with the regenerate call.` }
    case 'voice-failed': return { kind: 'failed', headline: 'No voice', text: reason(data, 'The voice could not be made'), hint: `${quote(data)}Ask for a new phrase and record it again.` }
    default: return { kind: 'wait', headline: 'In progress', text: PROGRESS.get(data.status ?? '') ?? 'The task goes on', hint: data.status ? `The sender reports “${data.status}”.` : 'The sender reports no status.' }
  }
}

/**
 * What a stream says of itself, in plain words.
 *
 * @param {string} name
 * @param {any} data
 */
export function describeNote (name, data) {
  if (name === 'closing') return CLOSINGS.get(data.reason) ?? 'the server ends the stream'
  if (data.gap) return 'stream opened; the server did not know where we were, so events may be missing'
  return 'stream opened'
}

const CLOSINGS = new Map([
  ['drain', 'the server is about to stop'],
  ['slow', 'this side reads too slowly'],
  ['ticket-expired', 'the ticket has expired']
])

/**
 * @param {EventData} data
 * @param {string} otherwise
 */
function reason ({ voiceId, code, errorCode }, otherwise) {
  if (voiceId === 'fail') return 'The recording does not match the phrase'
  return REASONS.get(errorCode || code) ?? REASONS.get(code) ?? otherwise
}

/** @param {EventData} data */
function quote ({ code, errorCode, errorMessage, msg }) {
  const said = errorMessage || msg
  return said ? `The sender says: “${said}” (${errorCode || code}). ` : ''
}

/**
 * A length of time as a clock shows it: `0:07`, `2:59`, `1:00:00`.
 *
 * @param {number} ms milliseconds; less than none counts as none
 */
export function clock (ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return (h > 0 ? [h, pad(m), pad(s)] : [m, pad(s)]).join(':')
}

/** @param {number} number */
function pad (number) {
  return String(number).padStart(2, '0')
}

/**
 * How much of a phrase's usual life is left.
 *
 * @param {number} ageMs milliseconds since it was received
 * @returns {{ seconds: number, state: 'fresh' | 'short' | 'over', words: string }} `seconds` is 0 once it is over
 */
export function life (ageMs) {
  const leftMs = Math.min(LIFE_MS, Math.max(0, LIFE_MS - ageMs))
  if (leftMs === 0) return { seconds: 0, state: 'over', words: 'probably expired' }
  return { seconds: leftMs / 1000, state: leftMs <= SHORT_MS ? 'short' : 'fresh', words: `about ${clock(leftMs + 999)} left` }
}

/**
 * The code that does what the page does, with the real URLs.
 *
 * @param {string} base the page's own URL, up to its last slash
 * @param {string} taskId
 * @param {boolean} tickets whether a ticket is needed; the code then has a place for it, never the ticket itself
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
