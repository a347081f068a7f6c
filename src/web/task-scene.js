import { SCENES } from './scenes.js'
import { describeEvent, describeWait } from './words.js'
/** @import { RelayEvent, Subscribed } from '../../schemas/event.ts' */
/** @import { Scene } from './scenes.js' */

/**
 * Creates the scene of a task, which the messages of its stream change.
 *
 * @param {() => number} now time of the server, in milliseconds
 */
export function createTaskScene (now) {
  let scene = SCENES.waiting
  /** Whether `scene` is about an event, and not about the lack of one. */
  let hasEvent = false
  /** Time of the submission whose outcome is expected, ISO 8601; empty without one. */
  let submittedAt = ''
  /** Time since which the relay asks Suno, ISO 8601; empty while it does not. */
  let askingSince = ''
  /** Time of the first event of a wait without a submission, or of the first look at an unknown task, ISO 8601. */
  let since = ''

  /** @param {string} time */
  function expect (time) {
    if (time === submittedAt) return
    submittedAt = time
    askingSince = ''
  }

  /** @returns {Scene} */
  function current () {
    if (!isWait(scene)) return scene
    return submittedAt ? describeWait(scene, submittedAt, askingSince) : { ...scene, since }
  }

  return {
    /**
     * Applies the first message of a stream.
     *
     * @param {Pick<Subscribed, 'state' | 'submittedAt'>} data
     */
    subscribe ({ state, submittedAt: expected = '' }) {
      // The events so far are about an earlier submission.
      if (expected !== submittedAt && expected) hasEvent = false
      expect(expected)
      if (!hasEvent) {
        scene = state === 'unknown' || state === 'expired' ? SCENES[state] : SCENES.waiting
        since ||= new Date(now()).toISOString()
      }
      return current()
    },

    /**
     * Applies an event. Returns undefined for one from before the submission whose outcome is expected.
     *
     * @param {RelayEvent} event
     */
    apply ({ event, data }) {
      if (Date.parse(data.receivedAt) < Date.parse(submittedAt)) return undefined
      if (event === 'task-overdue') {
        expect(data.submittedAt)
        askingSince = data.receivedAt
      }
      const wasWaiting = hasEvent && isWait(scene)
      scene = describeEvent(event, data)
      hasEvent = true
      if (!wasWaiting) since = data.receivedAt
      // An outcome ends the wait.
      if (!isWait(scene)) expect('')
      return current()
    }
  }
}

/** @param {Scene} scene */
function isWait ({ kind }) {
  return kind === 'wait' || kind === 'late' || kind === 'unknown'
}
