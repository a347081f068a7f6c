/**
 * Content of the stage.
 *
 * @typedef {object} Scene
 * @property {'empty' | 'connecting' | 'unknown' | 'wait' | 'late' | 'ready' | 'voice' | 'failed' | 'refused' |
 *   'lost'} kind
 * @property {string} headline the state in a few words
 * @property {string} text the main message, in large type
 * @property {string} hint the next step
 * @property {boolean} [copy] whether the text has a copy button
 * @property {string} [receivedAt] when the phrase was received, ISO 8601
 * @property {string} [since] when the wait began, ISO 8601: the stage shows its duration
 * @property {boolean} [quiet] whether nothing has changed for the person, so that it is not announced
 */

/**
 * @typedef {'empty' | 'sample' | 'submit' | 'submitting' | 'connecting'} StartScene
 * @typedef {'waiting' | 'overdue' | 'unknown' | 'expired'} TaskScene
 * @type {Record<StartScene | TaskScene | 'invalid' | 'ticket' | 'otherTask', Scene>}
 */
export const SCENES = {
  empty: {
    kind: 'empty',
    headline: 'No task',
    text: 'Which task?',
    hint: 'Enter the task id from the answer of the Suno Voice API.',
    quiet: true
  },
  sample: {
    kind: 'empty',
    headline: 'No task',
    text: 'Which task?',
    hint: 'Enter the task id from the answer of the Suno Voice API, or try a sample.',
    quiet: true
  },
  submit: {
    kind: 'empty',
    headline: 'No task',
    text: 'Which task?',
    hint: 'Enter the task id from the answer of the Suno Voice API, or ask Suno for a phrase.',
    quiet: true
  },
  submitting: {
    kind: 'connecting',
    headline: 'Submitting',
    text: 'One moment',
    hint: 'The relay sends the recording to Suno.'
  },
  connecting: {
    kind: 'connecting',
    headline: 'Connecting',
    text: 'One moment',
    hint: 'If this takes long, close other tabs: without HTTP/2 a browser opens at most six streams to a server.',
    quiet: true
  },
  waiting: {
    kind: 'wait',
    headline: 'Waiting for Suno',
    text: 'No result yet',
    hint: 'A phrase usually takes 15 to 30 seconds.'
  },
  invalid: {
    kind: 'refused',
    headline: 'Cannot watch the task',
    text: 'Not a task id',
    hint: 'A task id has 1 to 128 characters: letters A to Z, digits, and . _ : -'
  },
  ticket: {
    kind: 'refused',
    headline: 'Cannot watch the task',
    text: 'A valid ticket is required',
    hint: 'The ticket is missing or has expired. Paste a new one from your backend to go on.'
  },
  overdue: {
    kind: 'late',
    headline: 'Still waiting for Suno',
    text: 'No callback yet',
    hint: 'The result appears here by itself.'
  },
  unknown: {
    kind: 'unknown',
    headline: 'Unknown task',
    text: 'Nobody has heard of this task yet',
    hint: 'No submission and no callback has named it. Check the task id. Its first event appears here by itself.'
  },
  expired: {
    kind: 'failed',
    headline: 'Expired',
    text: 'The events of this task are no longer kept',
    hint: 'The relay deletes a task some time after its newest event. Request a new phrase to go on.'
  },
  otherTask: {
    kind: 'refused',
    headline: 'Cannot watch the task',
    text: 'The ticket is for other tasks',
    hint: 'Check the task id, or paste a ticket for this task.'
  }
}

/** Scenes of a lost connection: the device has no network, or the relay does not answer. */
export const LOST = {
  /** @type {Scene} */
  offline: {
    kind: 'lost',
    headline: 'Offline',
    text: 'This device has no network',
    hint: 'This page reconnects by itself, and then shows what it has missed.'
  },
  /** @type {Scene} */
  gone: {
    kind: 'lost',
    headline: 'No connection',
    text: 'The relay does not answer',
    hint: 'This page tries again by itself, and then shows what it has missed.'
  }
}

/** Announced when the connection is back, and nothing else has changed. */
export const CONNECTED_AGAIN = 'Connected again'
