import t from 'tap'
import { checkKieSignature, checkStandardSignature, type SignatureCheck } from '../../src/suno/signature.ts'
import { kieHeaders, standardHeaders } from '../support/signing.ts'

const NOW = 1_700_000_000
const KEY = 'a key of kie.ai'
const WINDOW = 300
const check = (keys: string[], now = NOW * 1000): SignatureCheck => ({ keys, windowSeconds: WINDOW, now })

t.test('checkKieSignature() gives the task id that the pair signs', async t => {
  const signed = checkKieSignature(kieHeaders(KEY, 'a', NOW), { data: { taskId: 'a' } }, check([KEY]))
  t.equal(signed?.taskId, 'a')
  t.match(signed?.delivery, { onConflict: 'reject', key: /^[\w-]{43}$/ })
})

// printf a.1700000000 | openssl dgst -sha256 -hmac "a key of kie.ai" -binary | base64
t.test('checkKieSignature() agrees with openssl', async t => {
  const headers = { 'x-webhook-timestamp': '1700000000', 'x-webhook-signature': 'uqHB0W6fymzRlJCaDMe8Yp3/Z0bweEmZIZrXWrjWJlo=' }
  t.equal(checkKieSignature(headers, { task_id: 'a' }, check([KEY]))?.taskId, 'a')
})

for (const [spelling, json] of Object.entries({
  'data.taskId': { data: { taskId: 'a', task_id: 'x' }, taskId: 'y', task_id: 'z' },
  'data.task_id': { data: { taskId: 'x', task_id: 'a' }, taskId: 'y', task_id: 'z' },
  taskId: { data: { taskId: 'x', task_id: 'y' }, taskId: 'a', task_id: 'z' },
  task_id: { data: { taskId: 'x', task_id: 'y' }, taskId: 'z', task_id: 'a' }
})) {
  t.test(`checkKieSignature() finds the signed task id in ${spelling}`, async t => {
    t.equal(checkKieSignature(kieHeaders(KEY, 'a', NOW), json, check([KEY]))?.taskId, 'a')
  })
}

t.test('checkKieSignature() takes any of several keys', async t => {
  for (const key of ['old', 'new']) t.equal(checkKieSignature(kieHeaders(key, 'a', NOW), { taskId: 'a' }, check(['old', 'new']))?.taskId, 'a')
})

t.test('checkKieSignature() holds the window both ways, to the second', async t => {
  const headers = kieHeaders(KEY, 'a', NOW)
  const accepts = (seconds: number): boolean => checkKieSignature(headers, { taskId: 'a' }, check([KEY], (NOW + seconds) * 1000)) !== undefined
  t.strictSame([-301, -300, 0, 300, 301].map(accepts), [false, true, true, true, false])
})

t.test('checkKieSignature() has its pair remembered longer than the window', async t => {
  const signed = checkKieSignature(kieHeaders(KEY, 'a', NOW + WINDOW), { taskId: 'a' }, check([KEY]))
  t.equal(signed!.delivery.expiresAt > (NOW + WINDOW + WINDOW) * 1000, true)
})

t.test('checkKieSignature() gives a pair one key, and another pair another', async t => {
  const keyOf = (taskId: string, timestamp: number) => checkKieSignature(kieHeaders(KEY, taskId, timestamp), { taskId }, check([KEY]))?.delivery.key
  t.equal(keyOf('a', NOW), keyOf('a', NOW))
  t.equal(new Set([keyOf('a', NOW), keyOf('a', NOW + 1), keyOf('b', NOW)]).size, 3)
})

const pair = kieHeaders(KEY, 'a', NOW)
const signature = pair['x-webhook-signature'] as string
for (const [what, headers, json] of [
  ['another key', kieHeaders('other', 'a', NOW), { taskId: 'a' }],
  ['another task', pair, { taskId: 'b' }],
  ['no task', pair, {}],
  ['a task id that is no text', pair, { taskId: 1, data: ['a'] }],
  ['a body that is no object', pair, null],
  ['another time', { ...pair, 'x-webhook-timestamp': String(NOW + 1) }, { taskId: 'a' }],
  ['no time', { 'x-webhook-signature': signature }, { taskId: 'a' }],
  ['a time that is no number', kieHeaders(KEY, 'a', `${NOW}x`), { taskId: 'a' }],
  ['a time with a fraction', kieHeaders(KEY, 'a', `${NOW}.5`), { taskId: 'a' }],
  ['no signature', { 'x-webhook-timestamp': String(NOW) }, { taskId: 'a' }],
  ['an empty signature', { ...pair, 'x-webhook-signature': '' }, { taskId: 'a' }],
  // The same bytes in another spelling would be another pair, and carry another body.
  ['a signature without its padding', { ...pair, 'x-webhook-signature': signature.replace('=', '') }, { taskId: 'a' }],
  ['a signature in another alphabet', { ...pair, 'x-webhook-signature': `${signature.slice(0, -1)}_` }, { taskId: 'a' }]
] as const) {
  t.test(`checkKieSignature() refuses ${what}`, async t => {
    t.equal(checkKieSignature(headers, json, check([KEY])), undefined)
  })
}

t.test('checkKieSignature() takes no secret of Standard Webhooks for a key', async t => {
  const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`
  t.equal(checkKieSignature(kieHeaders(secret, 'a', NOW), { taskId: 'a' }, check([secret])), undefined)
})

/** The vector that the specification's reference libraries are tested with. */
const VECTOR = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  body: Buffer.from('{"test": 2432232314}'),
  now: 1_614_265_330_000,
  headers: { 'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp': '1614265330', 'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=' }
}

t.test('checkStandardSignature() accepts the published vector', async t => {
  const signed = checkStandardSignature(VECTOR.headers, VECTOR.body, check([VECTOR.secret], VECTOR.now))
  t.match(signed?.delivery, { onConflict: 'deduplicate', key: /^[\w-]{43}$/ })
  t.equal(signed?.taskId, undefined)
})

t.test('checkStandardSignature() takes any signature of a list, of the version that it knows', async t => {
  const accepts = (list: string): boolean => checkStandardSignature({ ...VECTOR.headers, 'webhook-signature': list }, VECTOR.body, check([VECTOR.secret], VECTOR.now)) !== undefined
  const good = VECTOR.headers['webhook-signature']
  t.equal(accepts(`v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= ${good}`), true)
  t.equal(accepts(good.replace('v1', 'v2')), false)
  t.equal(accepts(good.slice(3)), false)
  t.equal(accepts(''), false)
})

t.test('checkStandardSignature() takes any of several secrets', async t => {
  const other = `whsec_${Buffer.alloc(24, 1).toString('base64')}`
  t.not(checkStandardSignature(VECTOR.headers, VECTOR.body, check([other, VECTOR.secret], VECTOR.now)), undefined)
  t.equal(checkStandardSignature(VECTOR.headers, VECTOR.body, check([other], VECTOR.now)), undefined)
})

t.test('checkStandardSignature() holds the window both ways, to the second', async t => {
  const accepts = (seconds: number): boolean => checkStandardSignature(VECTOR.headers, VECTOR.body, check([VECTOR.secret], VECTOR.now + seconds * 1000)) !== undefined
  t.strictSame([-301, -300, 300, 301].map(accepts), [false, true, true, false])
})

for (const name of Object.keys(VECTOR.headers)) {
  t.test(`checkStandardSignature() refuses a callback without ${name}`, async t => {
    t.equal(checkStandardSignature({ ...VECTOR.headers, [name]: undefined }, VECTOR.body, check([VECTOR.secret], VECTOR.now)), undefined)
  })
}

t.test('checkStandardSignature() refuses another body, id or time', async t => {
  const accepts = (headers: object, body: Uint8Array): boolean => checkStandardSignature({ ...VECTOR.headers, ...headers }, body, check([VECTOR.secret], VECTOR.now)) !== undefined
  t.equal(accepts({}, Buffer.from('{"test":2432232314}')), false)
  t.equal(accepts({ 'webhook-id': 'msg_other' }, VECTOR.body), false)
  t.equal(accepts({ 'webhook-timestamp': '1614265331' }, VECTOR.body), false)
})

t.test('checkStandardSignature() knows a delivery by its id alone', async t => {
  const keyOf = (id: string, body: string, timestamp: number) => checkStandardSignature(standardHeaders(VECTOR.secret, id, body, timestamp), Buffer.from(body), check([VECTOR.secret]))?.delivery.key
  t.equal(keyOf('one', '{}', NOW), keyOf('one', '[]', NOW + 5))
  t.not(keyOf('one', '{}', NOW), keyOf('two', '{}', NOW))
})
