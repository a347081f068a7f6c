import type { Fate } from './fate.ts'
import type { SandboxOptions } from './options.ts'

/** State of a task, as the vendor's queries and callbacks show it. */
export interface View {
  readonly taskId: string
  readonly status: string
  readonly validateInfo?: string
  readonly voiceId?: string
  readonly errorCode: number
  readonly errorMessage: string
}

/** A change of a task's state. */
export interface Moment {
  readonly afterMs: number
  readonly view: View
  /** Whether generate accepts the phrase from now on. */
  readonly usable?: boolean
  /** `code` and `msg` of the callback that reports the change; none is sent without. */
  readonly callback?: { readonly code: number, readonly msg: string }
}

/** A course without its first moment could not be shown. */
export type Course = readonly [Moment, ...Moment[]]

const SUCCESS = { code: 200, msg: 'success' }
const NO_ERROR = { errorCode: 0, errorMessage: '' }

/** The fate of a submission and the settings of its sandbox. */
export interface Settings {
  readonly fate: Fate
  readonly options: SandboxOptions
}

/** The phrases of a course. */
export interface Phrases {
  readonly phrase: string
  /** The phrase before a regenerate; empty without any. */
  readonly former: string
  /** Whether a regenerate started the course, under another task id or under the same one. */
  readonly regenerates: 'no' | 'other-task' | 'same-task'
}

/**
 * Returns the course of a validate or a regenerate. After a regenerate, queries show the former phrase until the new
 * one is there; under the same task id also with the former status.
 */
export function phraseCourse (taskId: string, phrases: Phrases, { fate, options }: Settings): Course {
  const { phrase, former, regenerates } = phrases
  const { phraseAfterMs, phraseLifeMs } = options
  const show = (status: string, validateInfo: string): View => ({ taskId, validateInfo, status, ...NO_ERROR })
  const isOld = regenerates === 'same-task' && former !== ''
  const waiting = (status: string): View => show(isOld ? 'wait_validating' : status, former)
  const before: Course = [
    { afterMs: 0, view: waiting('wait_processing') },
    { afterMs: phraseAfterMs / 3, view: waiting('processing_validate') }
  ]
  if (fate.fail) {
    const again = regenerates === 'no' ? '' : 're'
    const errorMessage = `Failed to ${again}generate validation phrase`
    const view = { ...show('processing_validate_fail', ''), errorCode: 500, errorMessage }
    const callback = { code: 400, msg: `Validation phrase ${again}generation failed` }
    return [...before, { afterMs: phraseAfterMs, view, callback }]
  }
  const ready = show('wait_validating', phrase)
  return [
    ...before,
    ...fate.emptyFirst ? [{ afterMs: phraseAfterMs / 2, view: show('wait_validating', ''), callback: SUCCESS }] : [],
    { afterMs: phraseAfterMs, view: ready, usable: true, callback: SUCCESS },
    { afterMs: phraseAfterMs + phraseLifeMs, view: ready }
  ]
}

/** Returns the course of a generate. kie.ai reports a voice that does not match as a success whose id is `fail`. */
export function voiceCourse (taskId: string, { fate, options }: Settings): Course {
  const { vendor, voiceAfterMs: afterMs } = options
  const show = (status: string, voiceId: string): View => ({ taskId, voiceId, status, ...NO_ERROR })
  const before: Course = [
    { afterMs: 0, view: show('wait_processing', '') },
    { afterMs: afterMs / 3, view: show('generating_voice', '') }
  ]
  if (!fate.fail) return [...before, { afterMs, view: show('success', taskId), callback: SUCCESS }]
  if (vendor === 'kie') return [...before, { afterMs, view: show('success', 'fail'), callback: SUCCESS }]
  const view = { ...show('fail', ''), errorCode: 500, errorMessage: 'The recording does not match the phrase' }
  return [...before, { afterMs, view, callback: { code: 400, msg: 'Custom voice generation failed' } }]
}
