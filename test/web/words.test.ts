import t from 'tap'
import type { EventName } from '../../schemas/event.ts'
import { SCENES } from '../../src/web/scenes.js'
import {
  describeEvent, describeNote, describeProblem, describeWait, formatDuration, remainingLife, snippets
} from '../../src/web/words.js'

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
  t.match(describeEvent('task-overdue', DATA), { kind: 'wait', text: 'No callback yet' })
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

t.test('formatDuration: formats a duration like a clock', async t => {
  t.strictSame([-5, 0, 7_999, 60_000, 179_000].map(formatDuration), ['0:00', '0:00', '0:07', '1:00', '2:59'])
  t.strictSame([3_600_000, 3_661_000].map(formatDuration), ['1:00:00', '1:01:01'])
})

t.test('remainingLife: ends after three minutes, and is full at a negative age', async t => {
  t.strictSame(remainingLife(-5_000), { seconds: 180, state: 'fresh', words: 'about 3:00 left' })
  t.strictSame(remainingLife(60_000), { seconds: 120, state: 'fresh', words: 'about 2:00 left' })
  t.strictSame(remainingLife(120_000), { seconds: 60, state: 'short', words: 'about 1:00 left' })
  t.strictSame(remainingLife(179_500), { seconds: 0.5, state: 'short', words: 'about 0:01 left' })
  t.strictSame(remainingLife(180_000), { seconds: 0, state: 'over', words: 'probably expired' })
})

t.test('snippets: contain the real URL, and a placeholder if a ticket is required', async t => {
  const open = snippets('https://relay.example/x/', 'a', false)
  const closed = snippets('https://relay.example/x/', 'a', true)

  t.match(open.browser, "new EventSource('https://relay.example/x/events/a')")
  t.equal(open.shell, 'curl -N https://relay.example/x/events/a')
  t.equal(open.callback, 'https://relay.example/x/callback/validate')
  // eslint-disable-next-line no-template-curly-in-string
  t.match(closed.browser, 'new EventSource(`https://relay.example/x/events/a?ticket=${ticket}`)')
  t.equal(closed.shell, 'curl -N -H "Authorization: Bearer $TICKET" https://relay.example/x/events/a')
})
