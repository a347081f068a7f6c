import { SCENES } from './scenes.js'
import { describeEvent, describeWait } from './words.js'
/** @import { RelayEvent, Subscribed } from '../../schemas/event.ts' */
/** @import { Scene } from './scenes.js' */

/** Creates the scene of a task, which the messages of its stream change. */
export function createTaskScene () {
  let scene = SCENES.waiting
  /** Whether `scene` is about an event, and not about the lack of one. */
  let hasEvent = false
  /** Time of the submission whose outcome is expected, ISO 8601; empty without one. */
  let submittedAt = ''
  /** Time since which the relay asks Suno, ISO 8601; empty while it does not. */
  let askingSince = ''

  /** @param {string} time */
  function expect (time) {
    if (time === submittedAt) return
    submittedAt = time
    askingSince = ''
  }

  /** @returns {Scene} */
  function current () {
    return scene.kind === 'wait' && submittedAt ? describeWait(scene, submittedAt, askingSince) : scene
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
      if (!hasEvent) scene = state === 'unknown' || state === 'expired' ? SCENES[state] : SCENES.waiting
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
      scene = describeEvent(event, data)
      hasEvent = true
      // An outcome ends the wait.
      if (scene.kind !== 'wait') expect('')
      return current()
    }
  }
}
