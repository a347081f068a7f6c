import t from 'tap'
import type { EventName } from '../../schemas/event.ts'
import { SCENES } from '../../src/web/scenes.js'
import { describeEvent, describeNote, describeProblem, describeWait, sizeOf } from '../../src/web/words.js'

const DATA = {
  taskId: 'a',
  step: 'regenerate' as const,
  code: 200,
  msg: 'success',
  status: null,
  validateInfo: null,
  errorCode: 0,
  errorMessage: '',
  receivedAt: '2026-01-01T00:00:00.000Z'
}
const REGENERATE = 'Request a new phrase with the regenerate call.'
const RECORD_AGAIN = 'Request a new phrase and record it again.'

t.test('describeEvent: a phrase has a copy button and the time it was received', async t => {
  const scene = describeEvent('phrase-ready', { ...DATA, validateInfo: 'Read me' })

  t.match(scene, { kind: 'ready', text: 'Read me', copy: true, receivedAt: DATA.receivedAt })
})

t.test('describeEvent: a voice has its id', async t => {
  const scene = describeEvent('voice-ready', { ...DATA, voiceId: 'v1' })

  t.match(scene, { kind: 'voice', text: 'v1', copy: true, receivedAt: undefined })
})

t.test('describeEvent: a failure has a plain reason and the message of the sender', async t => {
  function check (name: EventName, data: object, text: string, hint: string): void {
    t.match(describeEvent(name, { ...DATA, ...data }), { kind: 'failed', text, hint })
  }
  const notCreated = 'The phrase could not be created'
  const maintenance = 'The voice service is under maintenance'
  const withMessage = { code: 400, errorCode: 500, errorMessage: 'It broke' }
  const withMsg = { code: 455, errorCode: null, errorMessage: null, msg: 'Down' }

  check('phrase-failed', withMessage, notCreated, `The sender reports: “It broke” (500). ${REGENERATE}`)
  check('phrase-failed', withMsg, maintenance, `The sender reports: “Down” (455). ${REGENERATE}`)
  check('phrase-failed', { code: 402, errorCode: 999, msg: null }, 'The account has no credits left', REGENERATE)
  check('voice-failed', { voiceId: 'fail', msg: null }, 'The recording does not match the phrase', RECORD_AGAIN)
  check('voice-failed', { code: 500, msg: null }, 'The voice could not be created', RECORD_AGAIN)
})

t.test('describeEvent: a known status has a plain text, an unknown one its own name', async t => {
  const known = describeEvent('task-update', { ...DATA, status: 'generating_voice' })
  const unknown = describeEvent('task-update', { ...DATA, status: 'polishing' })

  t.match(known, { kind: 'wait', text: 'The voice is being created' })
  t.match(unknown, { text: 'The task is in progress', hint: 'The sender reports “polishing”.' })
  t.match(describeEvent('task-update', DATA), { text: unknown.text, hint: 'The sender reports no status.' })
})

t.test('describeEvent: an overdue task is waited for', async t => {
  t.match(describeEvent('task-overdue', DATA), { kind: 'late', text: 'No callback yet' })
})

t.test('describeEvent: a timeout says what to do next', async t => {
  const phrase = describeEvent('task-timeout', DATA)
  const voice = describeEvent('task-timeout', { ...DATA, step: 'generate' })

  t.match(phrase, { kind: 'failed', text: 'Suno sent no result in time', hint: 'Request a new phrase, or wait:' })
  t.match(voice, { kind: 'failed', hint: 'Send the recording again, or wait:' })
})

t.test('describeWait: says when the wait began, and what happens next', async t => {
  const waiting = describeWait(SCENES.waiting, '2026-01-01T00:00:00.000Z', '')
  const asking = describeWait(SCENES.overdue, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:32.400Z')

  t.match(waiting, { headline: 'Waiting for Suno', since: '2026-01-01T00:00:00.000Z' })
  t.match(waiting.hint, 'If no callback comes, the relay asks Suno.')
  t.match(asking.hint, 'The relay has been asking Suno since 0:32. The result appears here by itself.')
})

t.test('describeProblem: a known code has a plain text, and each problem its detail', async t => {
  const refused = describeProblem('SUNO_REFUSED', 'Suno says no')

  t.match(refused, { kind: 'failed', text: 'Suno refused the submission', hint: 'Suno says no' })
  t.match(describeProblem('OTHER', 'A detail'), { text: 'The submission failed', hint: 'A detail' })
})

t.test('describeNote: explains why a stream ends, and when events may be missing', async t => {
  t.equal(describeNote('closing', { reason: 'drain' }), 'the server is about to stop')
  t.equal(describeNote('closing', { reason: 'erased' }), 'the events of the task have been erased')
  t.equal(describeNote('closing', { reason: 'new' }), 'the server ends the stream')
  t.equal(describeNote('subscribed', { gap: false }), 'stream opened')
  t.match(describeNote('subscribed', { gap: true }), 'events may be missing')
})

t.test('sizeOf: the longer a text, the smaller; letters of Asian scripts count twice', async t => {
  t.strictSame([60, 61, 181, 361, 601].map((length) => sizeOf('a'.repeat(length))), [
    '', 'long', 'longer', 'longest', 'endless'
  ])
  t.equal(sizeOf('银'.repeat(30)), '')
  t.equal(sizeOf('银'.repeat(301)), 'endless')
  t.equal(sizeOf('ت'.repeat(60)), '')
})
