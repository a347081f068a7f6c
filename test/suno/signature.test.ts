import t from 'tap'
import { checkKieSignature, checkStandardSignature, maySign, type SignatureCheck } from '../../src/suno/signature.ts'
import { kieHeaders, standardHeaders } from '../support/signing.ts'

const NOW = 1_700_000_000
const KEY = 'a key of kie.ai'
const WINDOW = 300
const check = (keys: string[], now = NOW * 1000): SignatureCheck => ({ keys, windowSeconds: WINDOW, now })

t.test('checkKieSignature() returns the signed task id', async t => {
  const signed = checkKieSignature(kieHeaders(KEY, 'a', NOW), JSON.stringify({ data: { taskId: 'a' } }), check([KEY]))
  t.equal(signed?.taskId, 'a')
  t.match(signed?.delivery, { onConflict: 'reject', key: /^[\w-]{43}$/ })
})

// printf a.1700000000 | openssl dgst -sha256 -hmac "a key of kie.ai" -binary | base64
t.test('checkKieSignature() agrees with openssl', async t => {
  const headers = {
    'x-webhook-timestamp': '1700000000',
    'x-webhook-signature': 'uqHB0W6fymzRlJCaDMe8Yp3/Z0bweEmZIZrXWrjWJlo='
  }
  t.equal(checkKieSignature(headers, JSON.stringify({ task_id: 'a' }), check([KEY]))?.taskId, 'a')
})

for (const [spelling, json] of Object.entries({
  'data.taskId': { data: { taskId: 'a', task_id: 'x' }, taskId: 'y', task_id: 'z' },
  'data.task_id': { data: { taskId: 'x', task_id: 'a' }, taskId: 'y', task_id: 'z' },
  taskId: { data: { taskId: 'x', task_id: 'y' }, taskId: 'a', task_id: 'z' },
  task_id: { data: { taskId: 'x', task_id: 'y' }, taskId: 'z', task_id: 'a' }
})) {
  t.test(`checkKieSignature() finds the signed task id in ${spelling}`, async t => {
    t.equal(checkKieSignature(kieHeaders(KEY, 'a', NOW), JSON.stringify(json), check([KEY]))?.taskId, 'a')
  })
}

t.test('checkKieSignature() accepts any of several keys', async t => {
  for (const key of ['old', 'new']) {
    t.equal(
      checkKieSignature(kieHeaders(key, 'a', NOW), JSON.stringify({ taskId: 'a' }), check(['old', 'new']))?.taskId,
      'a'
    )
  }
})

t.test('checkKieSignature() checks the window in both directions, to the second', async t => {
  const headers = kieHeaders(KEY, 'a', NOW)
  const accepts = (seconds: number): boolean =>
    checkKieSignature(headers, JSON.stringify({ taskId: 'a' }), check([KEY], (NOW + seconds) * 1000)) !== undefined
  t.strictSame([-301, -300, 0, 300, 301].map(accepts), [false, true, true, true, false])
})

t.test('checkKieSignature() sets an expiry past the window', async t => {
  const signed = checkKieSignature(kieHeaders(KEY, 'a', NOW + WINDOW), JSON.stringify({ taskId: 'a' }), check([KEY]))
  t.equal(signed!.delivery.expiresAt > (NOW + WINDOW + WINDOW) * 1000, true)
})

t.test('checkKieSignature() gives each pair its own delivery key', async t => {
  const keyOf = (taskId: string, timestamp: number) =>
    checkKieSignature(kieHeaders(KEY, taskId, timestamp), JSON.stringify({ taskId }), check([KEY]))?.delivery.key
  t.equal(keyOf('a', NOW), keyOf('a', NOW))
  t.equal(new Set([keyOf('a', NOW), keyOf('a', NOW + 1), keyOf('b', NOW)]).size, 3)
})

const pair = kieHeaders(KEY, 'a', NOW)
const signature = pair['x-webhook-signature'] as string
for (const [what, headers, json] of [
  ['another key', kieHeaders('other', 'a', NOW), { taskId: 'a' }],
  ['another task', pair, { taskId: 'b' }],
  ['no task', pair, {}],
  ['a task id that is not a text', pair, { taskId: 1, data: ['a'] }],
  ['a body that is not an object', pair, null],
  ['another time', { ...pair, 'x-webhook-timestamp': String(NOW + 1) }, { taskId: 'a' }],
  ['no time', { 'x-webhook-signature': signature }, { taskId: 'a' }],
  ['a time that is not a number', kieHeaders(KEY, 'a', `${NOW}x`), { taskId: 'a' }],
  ['a time with a fraction', kieHeaders(KEY, 'a', `${NOW}.5`), { taskId: 'a' }],
  ['no signature', { 'x-webhook-timestamp': String(NOW) }, { taskId: 'a' }],
  ['a signature of another length', { ...pair, 'x-webhook-signature': `${signature}=` }, { taskId: 'a' }],
  ['an empty signature', { ...pair, 'x-webhook-signature': '' }, { taskId: 'a' }],
  // Another spelling of the same bytes would be another pair, which could carry another body.
  ['a signature without its padding', { ...pair, 'x-webhook-signature': signature.replace('=', '') }, { taskId: 'a' }],
  ['a signature in another alphabet', { ...pair, 'x-webhook-signature': `${signature.slice(0, -1)}_` }, { taskId: 'a' }]
] as const) {
  t.test(`checkKieSignature() refuses ${what}`, async t => {
    t.equal(checkKieSignature(headers, JSON.stringify(json), check([KEY])), undefined)
  })
}

t.test('checkKieSignature() does not use a secret of Standard Webhooks', async t => {
  const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`
  t.equal(checkKieSignature(kieHeaders(secret, 'a', NOW), JSON.stringify({ taskId: 'a' }), check([secret])), undefined)
})

/** Test vector of the specification's reference libraries. */
const VECTOR = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  body: Buffer.from('{"test": 2432232314}'),
  now: 1_614_265_330_000,
  headers: {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
  }
}

t.test('checkStandardSignature() accepts the published vector', async t => {
  const signed = checkStandardSignature(VECTOR.headers, VECTOR.body, check([VECTOR.secret], VECTOR.now))
  t.match(signed?.delivery, { onConflict: 'deduplicate', key: /^[\w-]{43}$/ })
  t.equal(signed?.taskId, undefined)
})

t.test('checkStandardSignature() accepts any v1 signature of a list', async t => {
  const accepts = (list: string): boolean =>
    checkStandardSignature({
      ...VECTOR.headers,
      'webhook-signature': list
    }, VECTOR.body, check([VECTOR.secret], VECTOR.now)) !== undefined
  const good = VECTOR.headers['webhook-signature']
  t.equal(
    accepts(`v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= ${good}`),
    true
  )
  t.equal(accepts(good.replace('v1', 'v2')), false)
  t.equal(accepts(good.slice(3)), false)
  t.equal(accepts(''), false)
})

t.test('checkStandardSignature() accepts any of several secrets', async t => {
  const other = `whsec_${Buffer.alloc(24, 1).toString('base64')}`
  t.not(checkStandardSignature(VECTOR.headers, VECTOR.body, check([other, VECTOR.secret], VECTOR.now)), undefined)
  t.equal(checkStandardSignature(VECTOR.headers, VECTOR.body, check([other], VECTOR.now)), undefined)
})

t.test('checkStandardSignature() checks the window in both directions, to the second', async t => {
  const accepts = (seconds: number): boolean =>
    checkStandardSignature(
      VECTOR.headers,
      VECTOR.body,
      check([VECTOR.secret], VECTOR.now + seconds * 1000)
    ) !== undefined
  t.strictSame([-301, -300, 300, 301].map(accepts), [false, true, true, false])
})

for (const name of Object.keys(VECTOR.headers)) {
  t.test(`checkStandardSignature() refuses a callback without ${name}`, async t => {
    t.equal(checkStandardSignature({
      ...VECTOR.headers,
      [name]: undefined
    }, VECTOR.body, check([VECTOR.secret], VECTOR.now)), undefined)
  })
}

t.test('checkStandardSignature() refuses another body, id or time', async t => {
  const accepts = (headers: object, body: Uint8Array): boolean =>
    checkStandardSignature({ ...VECTOR.headers, ...headers }, body, check([VECTOR.secret], VECTOR.now)) !== undefined
  t.equal(accepts({}, Buffer.from('{"test":2432232314}')), false)
  t.equal(accepts({ 'webhook-id': 'msg_other' }, VECTOR.body), false)
  t.equal(accepts({ 'webhook-timestamp': '1614265331' }, VECTOR.body), false)
})

t.test('checkStandardSignature() identifies a delivery by its id alone', async t => {
  const keyOf = (id: string, body: string, timestamp: number) =>
    checkStandardSignature(
      standardHeaders(VECTOR.secret, id, body, timestamp),
      Buffer.from(body),
      check([VECTOR.secret])
    )?.delivery.key
  t.equal(keyOf('one', '{}', NOW), keyOf('one', '[]', NOW + 5))
  t.not(keyOf('one', '{}', NOW), keyOf('two', '{}', NOW))
})

t.test('checkKieSignature() refuses a body that is not JSON, or names the task elsewhere', async t => {
  const accepts = (body: string) => checkKieSignature(kieHeaders(KEY, 'a', NOW), body, check([KEY])) !== undefined
  t.strictSame(['{"taskId":"a"', '{"info":{"taskId":"a"}}', '{"taskId" : "a"}'].map(accepts), [false, false, true])
})

t.test('checkKieSignature() tries eight task ids of a body', async t => {
  const accepts = (others: number) => {
    const body = `{${Array.from({ length: others }, (_, n) => `"x${n}":{"taskId":"${n}"}`).join()},"taskId":"a"}`
    return checkKieSignature(kieHeaders(KEY, 'a', NOW), body, check([KEY])) !== undefined
  }
  t.strictSame([7, 8].map(accepts), [true, false])
})

t.test('checkStandardSignature() refuses a list of over 1,024 characters, even with a valid signature', async t => {
  const list = (length: number) => `${VECTOR.headers['webhook-signature']} `.padEnd(length, 'v1,x ')
  const accepts = (length: number) => {
    const headers = { ...VECTOR.headers, 'webhook-signature': list(length) }
    return checkStandardSignature(headers, VECTOR.body, check([VECTOR.secret], VECTOR.now)) !== undefined
  }
  t.strictSame([1024, 1025].map(accepts), [true, false])
})

t.test('maySign() judges headers by their form and time alone', async t => {
  const form = { 'x-webhook-timestamp': String(NOW), 'x-webhook-signature': 'x'.repeat(44) }
  t.equal(maySign(form, check([KEY])), true)
  t.equal(maySign(VECTOR.headers, check([KEY], VECTOR.now)), true)
  t.equal(maySign(form, check([])), false)
  t.equal(maySign(form, check([KEY], 0)), false)
  t.equal(maySign({ ...form, 'x-webhook-signature': 'x' }, check([KEY])), false)
  t.equal(maySign({}, check([KEY])), false)
})
