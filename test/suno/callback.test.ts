import t from 'tap'
import type { Step } from '../../schemas/callback.ts'
import type { EventName } from '../../schemas/event.ts'
import { readCallback } from '../../src/suno/callback.ts'
import { phraseFailed, phraseReady, voiceReady } from '../support/callbacks.ts'

const NOW = new Date('2026-01-02T03:04:05.678Z')
const UNREADABLE = { code: 'CALLBACK_UNREADABLE' }

const ok = (data: object) => ({ code: 200, msg: 'success', data: { taskId: 'a', ...data } })
const bad = (code: number, data: object = {}) => ({ code, msg: 'no', data: { taskId: 'a', ...data } })

const read = (step: Step, body: unknown, receivedAt = NOW) => readCallback(step, body, { receivedAt })
const nameOf = (step: Step, body: unknown): EventName => read(step, body).draft.event
const dataOf = (step: Step, body: unknown) => JSON.parse(read(step, body).draft.data)
const digestOf = (step: Step, body: unknown, at?: Date): string => read(step, body, at).draft.digest

const phrase = { status: 'wait_validating', validateInfo: 'Read me' }
const voice = { status: 'success', voiceId: 'v1' }

// Every row of the contract's table, and the cases next to it.
const PHRASE_ROWS: Array<[string, EventName, object]> = [
  ['the documented phrase', 'phrase-ready', phraseReady('a')],
  ['the documented failure', 'phrase-failed', phraseFailed('a')],
  ['a phrase without errorCode and errorMessage', 'phrase-ready', ok(phrase)],
  [
    'a phrase whose other fields are null',
    'phrase-ready',
    { code: 200, msg: null, data: { taskId: 'a', ...phrase, errorCode: null, errorMessage: null, voiceId: null } }
  ],
  ['an empty phrase', 'task-update', ok({ ...phrase, validateInfo: '' })],
  ['a phrase of spaces', 'task-update', ok({ ...phrase, validateInfo: ' \n' })],
  ['a phrase that is null', 'task-update', ok({ ...phrase, validateInfo: null })],
  ['a phrase that is absent', 'task-update', ok({ status: 'wait_validating' })],
  ['processing_validate_fail with code 200', 'phrase-failed', ok({ status: 'processing_validate_fail' })],
  ['fail with code 200', 'phrase-failed', ok({ status: 'fail' })],
  ['code 400', 'phrase-failed', bad(400)],
  ['code 500 with a phrase', 'phrase-failed', bad(500, phrase)],
  ['code 0', 'phrase-failed', bad(0, phrase)],
  ['code 501 without data', 'phrase-failed', { code: 501, taskId: 'a' }],
  ['wait_processing', 'task-update', ok({ status: 'wait_processing' })],
  ['processing_validate', 'task-update', ok({ status: 'processing_validate' })],
  ['success, a status of another step', 'task-update', ok(voice)],
  ['an unknown status', 'task-update', ok({ status: 'brand_new', validateInfo: 'Read me' })],
  ['a status that is null', 'task-update', ok({ status: null })],
  ['no status', 'task-update', ok({})],
  ['no data', 'task-update', { code: 200, taskId: 'a' }],
  ['data that is null', 'task-update', { code: 200, data: null, taskId: 'a' }]
]

const VOICE_ROWS: Array<[string, EventName, object]> = [
  ['the documented voice', 'voice-ready', voiceReady('a')],
  ['another voiceId than the task id', 'voice-ready', ok(voice)],
  ['a voiceId that is the text fail', 'voice-failed', ok({ ...voice, voiceId: 'fail' })],
  ['an empty voiceId', 'task-update', ok({ ...voice, voiceId: '' })],
  ['a voiceId that is null', 'task-update', ok({ ...voice, voiceId: null })],
  ['a voiceId that is absent', 'task-update', ok({ status: 'success' })],
  ['fail', 'voice-failed', ok({ status: 'fail' })],
  ['processing_validate_fail', 'voice-failed', ok({ status: 'processing_validate_fail' })],
  ['code 500', 'voice-failed', bad(500, voice)],
  ['code 422 without data', 'voice-failed', { code: 422, taskId: 'a' }],
  ['generating_voice', 'task-update', ok({ status: 'generating_voice', voiceId: 'v1' })],
  ['wait_validating, a status of another step', 'task-update', ok(phrase)],
  ['an unknown status', 'task-update', ok({ status: 'brand_new', voiceId: 'v1' })],
  ['no data', 'task-update', { code: 200, taskId: 'a' }]
]

for (const step of ['validate', 'regenerate'] as const) {
  for (const [what, event, body] of PHRASE_ROWS) {
    t.test(`readCallback() of ${step} makes ${event} of ${what}`, async t => { t.equal(nameOf(step, body), event) })
  }
}

for (const [what, event, body] of VOICE_ROWS) {
  t.test(`readCallback() of generate makes ${event} of ${what}`, async t => {
    t.equal(nameOf('generate', body), event)
  })
}

t.test('readCallback() keeps names and unknown fields of the sender, and adds the time', async t => {
  const body = ok({ ...phrase, errorCode: 0, errorMessage: '', phraseId: 7, nested: { deep: [1, null] } })
  t.equal(read('validate', body).draft.data, '{"taskId":"a","step":"validate","code":200,"msg":"success",' +
    '"status":"wait_validating","validateInfo":"Read me","errorCode":0,"errorMessage":"",' +
    '"phraseId":7,"nested":{"deep":[1,null]},"source":"callback","receivedAt":"2026-01-02T03:04:05.678Z"}')
})

t.test('readCallback() sets absent fields to null, except voiceId', async t => {
  t.strictSame(dataOf('regenerate', { code: 200, taskId: 'a' }), {
    taskId: 'a',
    step: 'regenerate',
    code: 200,
    msg: null,
    status: null,
    validateInfo: null,
    errorCode: null,
    errorMessage: null,
    source: 'callback',
    receivedAt: NOW.toISOString()
  })
})

t.test('readCallback() keeps the voiceId', async t => {
  t.equal(dataOf('generate', voiceReady('a')).voiceId, 'a')
})

t.test('readCallback() does not let fields of data override its own', async t => {
  const forged = { step: 'generate', code: 7, msg: 'mine', source: 'mine', receivedAt: 'never', task_id: 'b' }
  const data = dataOf('validate', ok(forged))
  t.match(data, {
    taskId: 'a',
    step: 'validate',
    code: 200,
    msg: 'success',
    source: 'callback',
    receivedAt: NOW.toISOString()
  })
  t.notOk('task_id' in data)
})

t.test('readCallback() writes data as one line', async t => {
  t.notMatch(read('validate', ok({ validateInfo: 'a\r\nb\rc\n\ndata: forged' })).draft.data, /[\r\n]/)
})

const top = { code: 200, msg: 'success', taskId: 'a', ...phrase }
const FLAT: Array<[string, Step, object, EventName]> = [
  ['a phrase without data', 'validate', top, 'phrase-ready'],
  ['a phrase with data that is null', 'validate', { ...top, data: null }, 'phrase-ready'],
  ['a phrase with data of other fields', 'validate', { ...top, data: { mood: 'calm' } }, 'phrase-ready'],
  ['a phrase whose data has null', 'regenerate', { ...top, data: { validateInfo: null } }, 'phrase-ready'],
  ['a phrase whose data has an empty text', 'validate', { ...top, data: { validateInfo: '' } }, 'phrase-ready'],
  [
    'a phrase whose status is in data',
    'validate',
    { ...top, status: 'x', data: { status: 'wait_validating' } },
    'phrase-ready'
  ],
  ['a failure', 'validate', { code: 200, taskId: 'a', status: 'fail', errorMessage: 'no' }, 'phrase-failed'],
  ['a voice', 'generate', { code: 200, task_id: 'a', ...voice }, 'voice-ready'],
  ['a voice that does not match', 'generate', { code: 200, taskId: 'a', ...voice, voiceId: 'fail' }, 'voice-failed']
]

for (const [what, step, body, event] of FLAT) {
  t.test(`readCallback() reads a flat body: ${what}`, async t => {
    t.equal(nameOf(step, body), event)
  })
}

t.test('readCallback() keeps known and unknown fields of both levels, those of data first', async t => {
  const body = { ...top, errorMessage: 'top', mood: 'calm', tempo: 1, data: { taskId: 'a', tempo: 2, tags: null } }
  const { status, validateInfo, errorMessage, mood, tempo, tags } = dataOf('validate', body)
  t.strictSame({ status, validateInfo, errorMessage, mood, tempo, tags },
    { ...phrase, errorMessage: 'top', mood: 'calm', tempo: 2, tags: null })
})

t.test('readCallback() gives flat and nested outcomes of one phrase the same meaning', async t => {
  t.equal(meaningOf('validate', top), meaningOf('validate', ok(phrase)))
})

const SPELLINGS: Array<[string, object, string]> = [
  ['data.taskId', { data: { taskId: 'a' } }, 'a'],
  ['data.task_id', { data: { task_id: 'a' } }, 'a'],
  ['taskId', { taskId: 'a' }, 'a'],
  ['task_id', { task_id: 'a' }, 'a'],
  ['data.taskId before all others', { data: { taskId: 'a', task_id: 'b' }, taskId: 'c', task_id: 'd' }, 'a'],
  ['data.task_id before the top level', { data: { task_id: 'b' }, taskId: 'c', task_id: 'd' }, 'b'],
  ['taskId before task_id', { data: {}, taskId: 'c', task_id: 'd' }, 'c'],
  [
    'task_id where the others are null or empty',
    { data: { taskId: null, task_id: '' }, taskId: null, task_id: 'd' },
    'd'
  ],
  ['a text of all allowed characters', { taskId: 'azAZ09._:-' }, 'azAZ09._:-'],
  ['a text of 128 characters', { taskId: 'x'.repeat(128) }, 'x'.repeat(128)]
]

for (const [what, body, taskId] of SPELLINGS) {
  t.test(`readCallback() takes the task id from ${what}`, async t => {
    t.equal(read('validate', { code: 200, ...body }).taskId, taskId)
    t.equal(dataOf('validate', { code: 200, ...body }).taskId, taskId)
  })
}

const UNREADABLES: Array<[string, unknown, RegExp]> = [
  ['no task id', { code: 200, data: {} }, /it has no task id/],
  ['a task id with a space', { code: 200, taskId: 'a b' }, /its task id is malformed/],
  ['a task id with a newline at its end', { code: 200, taskId: 'a\n' }, /its task id is malformed/],
  ['a task id of 129 characters', { code: 200, taskId: 'x'.repeat(129) }, /its task id is malformed/],
  ['a task id that is a number', { code: 200, data: { taskId: 1 } }, /\/data\/taskId/],
  ['no code', { data: { taskId: 'a' } }, /\/code/],
  ['a code that is text', { code: '200', taskId: 'a' }, /\/code/],
  ['a code that is not whole', { code: 200.5, taskId: 'a' }, /\/code/],
  ['a msg that is a number', { code: 200, msg: 1, taskId: 'a' }, /\/msg/],
  ['data that is text', { code: 200, data: 'a', taskId: 'a' }, /\/data/],
  ['a status that is a number', ok({ status: 1 }), /\/data\/status/],
  ['a phrase that is a list', ok({ validateInfo: ['a'] }), /\/data\/validateInfo/],
  ['a voiceId that is a number', ok({ voiceId: 1 }), /\/data\/voiceId/],
  ['an errorCode that is text', ok({ errorCode: '0' }), /\/data\/errorCode/],
  ['an errorMessage that is an object', ok({ errorMessage: {} }), /\/data\/errorMessage/],
  ['a status at the top level that is a number', { code: 200, taskId: 'a', status: 1 }, /\/status/],
  ['a list', [], /the body|\/code/],
  ['a text', 'hello', /the body/],
  ['null', null, /the body/],
  ['nothing', undefined, /the body/]
]

for (const [what, body, message] of UNREADABLES) {
  t.test(`readCallback() refuses ${what}`, async t => {
    t.throws(() => read('validate', body), { ...UNREADABLE, message })
  })
}

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))

t.test('readCallback() reads a body nested 64 levels deep', async t => {
  t.equal(nameOf('validate', ok({ ...phrase, extra: nested(62) })), 'phrase-ready')
})

t.test('readCallback() refuses a body nested deeper', async t => {
  t.throws(() => read('validate', ok({ extra: nested(63) })), { ...UNREADABLE, message: /more than 64 levels deep/ })
})

t.test('readCallback() refuses nesting that would overflow the stack', async t => {
  t.throws(() => read('validate', ok({ extra: nested(1_000_000) })), {
    ...UNREADABLE,
    message: /more than 64 levels deep/
  })
})

t.test('readCallback() gives equal digests to bodies that differ in the order of keys', async t => {
  const one = { code: 200, msg: 'success', data: { taskId: 'a', list: [{ x: 1, y: 2 }, 3], status: 'fail' } }
  const other = { data: { status: 'fail', list: [{ y: 2, x: 1 }, 3], taskId: 'a' }, msg: 'success', code: 200 }
  t.equal(digestOf('validate', one), digestOf('validate', other))
})

t.test('readCallback() gives equal digests to equal bodies at different times', async t => {
  t.equal(digestOf('validate', phraseReady('a')), digestOf('validate', phraseReady('a'), new Date(0)))
})

const DIFFERENT: Array<[string, unknown]> = [
  ['another phrase', phraseReady('a', 'Another')],
  ['a list in another order', ok({ list: [2, 1] })],
  ['a list', ok({ list: [1, 2] })],
  ['a list within a list', ok({ list: [[1, 2]] })],
  ['a text in place of a number', ok({ list: ['1', 2] })],
  ['null in place of nothing', ok({ list: null })],
  ['nothing', ok({})],
  ['a key with other text', ok({ 'li"st': 1 })]
]

t.test('readCallback() gives different bodies different digests', async t => {
  const digests = new Set(DIFFERENT.map(([, body]) => digestOf('validate', body)))
  t.equal(digests.size, DIFFERENT.length)
})

t.test('readCallback() gives different steps different digests', async t => {
  t.not(digestOf('validate', phraseReady('a')), digestOf('regenerate', phraseReady('a')))
})

t.test('readCallback() says that an answer is one', async t => {
  const { draft } = readCallback('validate', phraseReady('a'), { receivedAt: NOW, source: 'query' })
  t.equal(JSON.parse(draft.data).source, 'query')
})

t.test('readCallback() relates the event to the step and to the reservation', async t => {
  const { draft } = readCallback('generate', ok({ status: 'generating_voice' }), { receivedAt: NOW, submission: 'r1' })
  t.strictSame(draft.about, { step: 'generate', meaning: undefined, progress: 'generating_voice', submission: 'r1' })
})

t.test('readCallback() names the progress of what is no outcome', async t => {
  t.equal(read('validate', { code: 200, taskId: 'a' }).draft.about?.progress, '')
  t.equal(read('validate', phraseReady('a')).draft.about?.progress, undefined)
})

const meaningOf = (step: Step, body: unknown) => read(step, body).draft.about?.meaning

const noDetails = { status: 'fail', errorCode: null }

// Each line: a callback, and an answer that says the same.
const SAME: Array<[string, Step, object, object]> = [
  [
    'a phrase',
    'validate',
    phraseReady('a'),
    ok({ ...phrase, validateInfo: ' Silver rivers hum below the hill\n', extra: 1 })
  ],
  ['a voice', 'generate', voiceReady('a'), ok({ status: 'success', voiceId: 'a' })],
  ['a failure', 'regenerate', phraseFailed('a'), ok(phraseFailed('a').data)],
  ['a failure without details', 'generate', { code: 501, msg: 'failed', taskId: 'a' }, ok(noDetails)],
  [
    'a voice that does not match',
    'generate',
    ok({ ...voice, voiceId: 'fail' }),
    ok({ ...voice, voiceId: 'fail', errorCode: 0 })
  ]
]

for (const [what, step, one, other] of SAME) {
  t.test(`readCallback() finds the same meaning in a callback and an answer that report ${what}`, async t => {
    t.type(meaningOf(step, one), 'string')
    t.equal(meaningOf(step, one), meaningOf(step, other))
  })
}

t.test('readCallback() finds the same meaning in a phrase of validate and of regenerate', async t => {
  t.equal(meaningOf('validate', phraseReady('a')), meaningOf('regenerate', phraseReady('a')))
})

t.test('readCallback() gives each different outcome a meaning of its own', async t => {
  const failure = phraseFailed('a')
  const bodies: Array<[Step, object]> = [
    ['validate', phraseReady('a')], [
      'validate', phraseReady('a', 'Another')
    ], ['validate', failure], ['generate', failure],
    ['validate', { ...failure, data: { ...failure.data, errorCode: 501 } }], ['validate', ok(noDetails)],
    [
      'validate', { ...failure, data: { ...failure.data, errorMessage: 'Expired' } }
    ], ['generate', ok({ ...voice, voiceId: phraseReady('a').data.validateInfo })]
  ]
  t.equal(new Set(bodies.map(([step, body]) => meaningOf(step, body))).size, bodies.length)
})

t.test('readCallback() finds no meaning in what is no outcome', async t => {
  t.equal(meaningOf('validate', ok({ ...phrase, validateInfo: '' })), undefined)
})
