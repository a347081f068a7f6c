import t from 'tap'
import type { EventName } from '../../schemas/event.ts'
import { clock, describe, describeNote, life, snippets } from '../../src/web/words.js'

const DATA = { taskId: 'a', step: 'regenerate' as const, code: 200, msg: 'success', status: null, validateInfo: null, errorCode: 0, errorMessage: '', receivedAt: '2026-01-01T00:00:00.000Z' }

t.test('describe: a phrase is shown with the time it was received, to be copied', async t => {
  t.match(describe('phrase-ready', { ...DATA, validateInfo: 'Read me' }), { kind: 'ready', text: 'Read me', copy: true, receivedAt: DATA.receivedAt })
})

t.test('describe: a voice is shown by its id', async t => {
  t.match(describe('voice-ready', { ...DATA, voiceId: 'v1' }), { kind: 'voice', text: 'v1', copy: true, receivedAt: undefined })
})

t.test('describe: a failure is told in plain words, with what the sender said', async t => {
  const cases: Array<[EventName, object, string, string]> = [
    ['phrase-failed', { code: 400, errorCode: 500, errorMessage: 'It broke' }, 'The phrase could not be made', 'The sender says: “It broke” (500). Ask for a new one with the regenerate call.'],
    ['phrase-failed', { code: 455, errorCode: null, errorMessage: null, msg: 'Down' }, 'The voice service is under maintenance', 'The sender says: “Down” (455). Ask for a new one with the regenerate call.'],
    ['phrase-failed', { code: 402, errorCode: 999, msg: null }, 'The account has no credits left', 'Ask for a new one with the regenerate call.'],
    ['voice-failed', { voiceId: 'fail', msg: null }, 'The recording does not match the phrase', 'Ask for a new phrase and record it again.'],
    ['voice-failed', { code: 500, msg: null }, 'The voice could not be made', 'Ask for a new phrase and record it again.']
  ]
  for (const [name, data, text, hint] of cases) t.match(describe(name, { ...DATA, ...data }), { kind: 'failed', text, hint })
})

t.test('describe: a step on the way is told in plain words, an unknown one by its own name', async t => {
  t.match(describe('task-update', { ...DATA, status: 'generating_voice' }), { kind: 'wait', text: 'The voice is being made' })
  t.match(describe('task-update', { ...DATA, status: 'polishing' }), { text: 'The task goes on', hint: 'The sender reports “polishing”.' })
  t.match(describe('task-update', DATA), { text: 'The task goes on', hint: 'The sender reports no status.' })
})

t.test('describeNote: tells why a stream ends, and when events may be missing', async t => {
  t.equal(describeNote('closing', { reason: 'drain' }), 'the server is about to stop')
  t.equal(describeNote('closing', { reason: 'new' }), 'the server ends the stream')
  t.equal(describeNote('subscribed', { gap: false }), 'stream opened')
  t.match(describeNote('subscribed', { gap: true }), 'events may be missing')
})

t.test('clock: shows a length of time as a clock does', async t => {
  t.strictSame([-5, 0, 7_999, 60_000, 179_000, 3_600_000, 3_661_000].map(clock), ['0:00', '0:00', '0:07', '1:00', '2:59', '1:00:00', '1:01:01'])
})

t.test('life: an estimate that ends after three minutes, and a clock that is ahead takes nothing off it', async t => {
  t.strictSame(life(-5_000), { seconds: 180, state: 'fresh', words: 'about 3:00 left' })
  t.strictSame(life(60_000), { seconds: 120, state: 'fresh', words: 'about 2:00 left' })
  t.strictSame(life(120_000), { seconds: 60, state: 'short', words: 'about 1:00 left' })
  t.strictSame(life(179_500), { seconds: 0.5, state: 'short', words: 'about 0:01 left' })
  t.strictSame(life(180_000), { seconds: 0, state: 'over', words: 'probably expired' })
})

t.test('snippets: carry the real URL, and a place for a ticket where one is needed', async t => {
  const open = snippets('https://relay.example/x/', 'a', false)
  const closed = snippets('https://relay.example/x/', 'a', true)

  t.match(open.browser, "new EventSource('https://relay.example/x/events/a')")
  t.equal(open.shell, 'curl -N https://relay.example/x/events/a')
  t.equal(open.callback, 'https://relay.example/x/callback/validate')
  // eslint-disable-next-line no-template-curly-in-string
  t.match(closed.browser, 'new EventSource(`https://relay.example/x/events/a?ticket=${ticket}`)')
  t.equal(closed.shell, 'curl -N -H "Authorization: Bearer $TICKET" https://relay.example/x/events/a')
})
