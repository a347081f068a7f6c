import { request as httpRequest } from 'node:http'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import type { Step } from '../../../schemas/callback.ts'
import { readCallback } from '../../../src/suno/callback.ts'
import { createSunoClient } from '../../../src/suno/client.ts'
import type { SandboxOptions } from '../../../src/suno/sandbox/options.ts'
import { PHRASES } from '../../../src/suno/sandbox/phrases.ts'
import { createSandbox } from '../../../src/suno/sandbox/sandbox.ts'
import { checkKieSignature } from '../../../src/suno/signature.ts'
import type { Vendor } from '../../../src/suno/vendor.ts'
import { freePort } from '../../support/port.ts'
import { startReceiver } from '../../support/receiver.ts'
import { startServer } from '../../support/server.ts'
import { virtualTime } from '../../support/virtual-time.ts'

const VENDORS: readonly Vendor[] = ['sunoapi', 'kie']
const VALIDATE = { voiceUrl: 'https://app.example/voice.mp3', vocalStartS: 0, vocalEndS: 10 }
const REFUSED = { name: 'SunoError', kind: 'refused' } as const
const VERIFY = { verifyUrl: 'https://app.example/verify.mp3' }

/** Starts a sandbox whose time stands still, a client of it, and a receiver of its callbacks. */
async function start (t: Test, options: Partial<SandboxOptions> = {}, ...statuses: number[]) {
  const time = virtualTime()
  const sandbox = createSandbox({ schedule: time.schedule, ...options })
  const apiUrl = await sandbox.listen()
  t.teardown(() => sandbox.close())
  const receiver = await startReceiver(t, ...statuses)
  const suno = createSunoClient({ apiUrl, apiKey: 'any' })
  const submit = (step: Step, fields: object) =>
    suno.submit(step, { ...fields }, `${receiver.url}/callback/${step}?token=secret`)
  const dataOf = async (step: Step, taskId: string): Promise<any> => (await suno.ask(step, taskId)).data
  return { time, sandbox, receiver, suno, submit, dataOf }
}

/** Makes a phrase and returns its task; its callback has been received. */
async function makePhrase ({ submit, time, receiver }: Awaited<ReturnType<typeof start>>): Promise<string> {
  const taskId = await submit('validate', VALIDATE)
  time.pass(3000)
  await receiver.next()
  return taskId
}

for (const vendor of VENDORS) {
  t.test(`The sandbox of ${vendor} goes the whole way: phrase, voice, check`, async t => {
    const { time, sandbox, receiver, suno, submit, dataOf } = await start(t, { vendor })
    t.equal(suno.vendor, vendor, 'its URL names the vendor')

    const taskId = await submit('validate', VALIDATE)
    t.match(taskId, /^[0-9a-f]{32}$/)
    const waiting = { taskId, validateInfo: '', status: 'wait_processing', errorCode: 0, errorMessage: '' }
    t.strictSame(await dataOf('validate', taskId), waiting)
    time.pass(1000)
    t.match(await dataOf('validate', taskId), { validateInfo: '', status: 'processing_validate' })
    time.pass(2000)
    const phrase = await receiver.next()
    t.equal(phrase.path, '/callback/validate?token=secret')
    const read = readCallback('validate', phrase.body, { receivedAt: new Date() })
    t.match(read, { taskId, draft: { event: 'phrase-ready' } })
    t.strictSame(await suno.ask('validate', taskId), phrase.body, 'the answer says the same as the callback')

    const voiceTask = await submit('generate', { taskId, ...VERIFY })
    t.not(voiceTask, taskId)
    t.match(await dataOf('generate', voiceTask), { taskId: voiceTask, voiceId: '', status: 'wait_processing' })
    time.pass(4999)
    t.match(await dataOf('generate', voiceTask), { voiceId: '', status: 'generating_voice' })
    t.strictSame(await checkVoice(sandbox.url, voiceTask), { isAvailable: false })
    time.pass(1)
    const voice = await receiver.next()
    const made = { taskId: voiceTask, voiceId: voiceTask, status: 'success', errorCode: 0, errorMessage: '' }
    t.strictSame(voice.body, { code: 200, msg: 'success', data: made })
    const readVoice = readCallback('generate', voice.body, { receivedAt: new Date() })
    t.match(readVoice, { taskId: voiceTask, draft: { event: 'voice-ready' } })
    t.strictSame(await checkVoice(sandbox.url, voiceTask), { isAvailable: true })
  })
}

interface CallOptions {
  method?: string
  headers?: Record<string, string>
  body?: unknown
}

async function call (url: string, name: string, { method = 'POST', headers = {}, body }: CallOptions) {
  const response = await fetch(`${url}/api/v1/voice/${name}`, {
    method,
    headers: { 'content-type': 'application/json', authorization: 'Bearer any', ...headers },
    ...body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }
  })
  return { status: response.status, json: await response.json() as any }
}

async function checkVoice (url: string, taskId: string): Promise<unknown> {
  return (await call(url, 'check-voice', { body: { task_id: taskId } })).json.data
}

t.test('The sandbox of kie.ai signs as the relay checks it', async t => {
  const { time, receiver, submit } = await start(t, { vendor: 'kie', hmacKey: 'a key' })
  const taskId = await submit('validate', VALIDATE)
  time.pass(3000)
  const { headers, body } = await receiver.next()
  const check = { windowSeconds: 300, now: Date.now() }
  t.equal(checkKieSignature(headers, JSON.stringify(body), { ...check, keys: ['a key'] })?.taskId, taskId)
  t.equal(checkKieSignature(headers, JSON.stringify(body), { ...check, keys: ['another'] }), undefined)
})

t.test('The sandbox signs nothing without a key', async t => {
  const { time, receiver, submit } = await start(t)
  await submit('validate', VALIDATE)
  time.pass(3000)
  t.notOk('x-webhook-signature' in (await receiver.next()).headers)
})

t.test('The sandbox shows what it received and what it delivered', async t => {
  const lines: string[] = []
  const { time, sandbox, receiver, submit } = await start(t, { log: (line) => { lines.push(line) } })
  const taskId = await submit('validate', { ...VALIDATE, extra: 1 })
  const params = { ...VALIDATE, extra: 1 }
  t.match(sandbox.requests, [{ method: 'POST', call: 'validate', authorization: 'Bearer any', params }])
  time.pass(3000)
  const { body } = await receiver.next()
  while (sandbox.deliveries.length === 0) await new Promise(setImmediate)
  const url = `${receiver.url}/callback/validate`
  t.strictSame(sandbox.deliveries, [{ url: `${url}?token=secret`, body, attempt: 1, status: 200 }])
  t.strictSame(lines, ['POST validate: 200 success', `callback of ${taskId} (wait_validating) to ${url}: 200`])
})

for (const language of Object.keys(PHRASES)) {
  t.test(`The sandbox has phrases in ${language}, another one after a regenerate`, async t => {
    const { time, suno, dataOf } = await start(t)
    const taskId = await suno.submit('validate', { ...VALIDATE, language })
    time.pass(3000)
    const { validateInfo } = await dataOf('validate', taskId)
    const again = await suno.submit('regenerate', { taskId })
    time.pass(3000)
    const other = (await dataOf('regenerate', again)).validateInfo
    for (const phrase of [validateInfo, other]) t.ok(PHRASES[language]?.includes(phrase), phrase)
    t.not(other, validateInfo)
  })
}

t.test('The sandbox has an English phrase for a language that it does not know', async t => {
  const { time, suno, dataOf } = await start(t)
  const taskId = await suno.submit('validate', { ...VALIDATE, language: 'tlh' })
  time.pass(3000)
  t.ok(PHRASES['en']?.includes((await dataOf('validate', taskId)).validateInfo))
})

t.test('A regenerate is another task, which shows the former phrase until its own is there', async t => {
  const sandbox = await start(t)
  const { time, receiver, submit, dataOf } = sandbox
  const taskId = await makePhrase(sandbox)
  const { validateInfo: former } = await dataOf('validate', taskId)
  const again = await submit('regenerate', { taskId })
  t.not(again, taskId)
  t.match(await dataOf('regenerate', again), { taskId: again, validateInfo: former, status: 'wait_processing' })
  time.pass(2999)
  t.match(await dataOf('regenerate', again), { validateInfo: former, status: 'processing_validate' })
  time.pass(1)
  const { path, body } = await receiver.next()
  t.match(path, '/callback/regenerate')
  t.equal(body.data.taskId, again)
  t.not(body.data.validateInfo, former)
  t.match(await dataOf('validate', taskId), { validateInfo: former }, 'the former task stays as it was')
})

t.test('Under the same id a regenerate shows the former phrase and its status until the new one is there', async t => {
  const sandbox = await start(t, { sameId: true })
  const { time, receiver, submit, dataOf } = sandbox
  const taskId = await makePhrase(sandbox)
  const before = await dataOf('validate', taskId)
  t.equal(await submit('regenerate', { taskId }), taskId)
  t.strictSame(await dataOf('regenerate', taskId), before)
  time.pass(2999)
  t.strictSame(await dataOf('regenerate', taskId), before)
  await t.rejects(submit('generate', { taskId, ...VERIFY }), REFUSED, 'the former phrase can no longer be used')
  time.pass(1)
  const { body } = await receiver.next()
  t.equal(body.data.taskId, taskId)
  t.not(body.data.validateInfo, before.validateInfo)
  t.equal(await submit('generate', { taskId, ...VERIFY }), taskId)
  time.pass(5000)
  t.match(await receiver.next(), { path: /^\/callback\/generate/, body: { data: { taskId, voiceId: taskId } } })
  t.match(await dataOf('validate', taskId), { status: 'wait_validating' }, 'voice and phrase are two records')
})

t.test('Under the same id a second submission ends the course of the first', async t => {
  const { time, receiver, submit, dataOf } = await start(t, { sameId: true })
  const taskId = await submit('validate', VALIDATE)
  time.pass(2000)
  await submit('regenerate', { taskId })
  t.match(await dataOf('validate', taskId), { status: 'wait_processing', validateInfo: '' })
  time.pass(2999)
  t.match(await dataOf('validate', taskId), { status: 'processing_validate' })
  time.pass(1)
  t.match((await receiver.next()).path, '/callback/regenerate')
  t.equal(receiver.waiting, 0)
})

t.test('A phrase can be used for as long as it lives', async t => {
  const sandbox = await start(t, { vendor: 'kie' })
  const { time, submit, dataOf } = sandbox
  const taskId = await makePhrase(sandbox)
  time.pass(179_999)
  await submit('generate', { taskId, ...VERIFY })
  time.pass(1)
  const error = { ...REFUSED, sunoCode: 422, words: 'verification phrase expired or not found' }
  await t.rejects(submit('generate', { taskId, ...VERIFY }), error)
  t.match(await dataOf('validate', taskId), { status: 'wait_validating' })
})

t.test('With fail, phrases fail as documented', async t => {
  const { time, receiver, submit, dataOf } = await start(t, { fail: 1 })
  const taskId = await submit('validate', VALIDATE)
  time.pass(3000)
  t.strictSame((await receiver.next()).body, {
    code: 400,
    msg: 'Validation phrase generation failed',
    data: {
      taskId,
      validateInfo: '',
      status: 'processing_validate_fail',
      errorCode: 500,
      errorMessage: 'Failed to generate validation phrase'
    }
  })
  t.match(await dataOf('validate', taskId), { status: 'processing_validate_fail', errorCode: 500 })
  await t.rejects(submit('generate', { taskId, ...VERIFY }), REFUSED)
  const again = await submit('regenerate', { taskId })
  time.pass(3000)
  const failed = { code: 400, msg: 'Validation phrase regeneration failed', data: { taskId: again } }
  t.match((await receiver.next()).body, failed)
})

for (const [vendor, expected] of [
  ['sunoapi', { code: 400, data: { voiceId: '', status: 'fail', errorCode: 500 } }],
  ['kie', { code: 200, data: { voiceId: 'fail', status: 'success', errorCode: 0 } }]
] as const) {
  t.test(`With fail, voices fail as ${vendor} reports it`, async t => {
    const { time, sandbox, receiver, submit } = await startFailingLater(t, vendor)
    const taskId = await submit('validate', VALIDATE)
    time.pass(3000)
    const phrase = await receiver.next()
    t.equal(phrase.body.code, 200)
    const voiceTask = await submit('generate', { taskId, ...VERIFY })
    time.pass(5000)
    const { body } = await receiver.next()
    t.match(body, expected)
    const read = readCallback('generate', body, { receivedAt: new Date() })
    t.match(read, { taskId: voiceTask, draft: { event: 'voice-failed' } })
    t.strictSame(await checkVoice(sandbox.url, voiceTask), { isAvailable: false })
  })
}

/** Starts a sandbox whose first submission succeeds and whose second one fails: a seed is looked for. */
async function startFailingLater (t: Test, vendor: Vendor) {
  for (let seed = 0; ; seed++) {
    const fails = await failsOf(t, { seed, fail: 0.5 }, 2)
    if (!fails[0] && fails[1]) return start(t, { vendor, seed, fail: 0.5 })
  }
}

/** Returns which of so many phrases fail. */
async function failsOf (t: Test, options: Partial<SandboxOptions>, count: number): Promise<boolean[]> {
  const { time, suno, dataOf } = await start(t, options)
  const ids: string[] = []
  for (let i = 0; i < count; i++) ids.push(await suno.submit('validate', VALIDATE))
  time.pass(3000)
  return Promise.all(ids.map(async (id) => (await dataOf('validate', id)).status === 'processing_validate_fail'))
}

t.test('A probability is drawn for each submission, and again the same under the same seed', async t => {
  const one = await failsOf(t, { seed: 7, fail: 0.3 }, 100)
  const count = one.filter(Boolean).length
  t.ok(count > 10 && count < 60, `${count} of 100`)
  t.strictSame(await failsOf(t, { seed: 7, fail: 0.3 }, 100), one)
  t.notSame(await failsOf(t, { seed: 8, fail: 0.3 }, 100), one)
})

t.test('The same seed brings the same ids and phrases, whatever the probabilities are', async t => {
  const run = async (options: Partial<SandboxOptions>): Promise<unknown[]> => {
    const { time, suno } = await start(t, options)
    const ids: string[] = []
    for (const language of ['en', 'fr']) ids.push(await suno.submit('validate', { ...VALIDATE, language }))
    time.pass(3000)
    return Promise.all(ids.map((id) => suno.ask('validate', id)))
  }
  const one = await run({ seed: 4_294_967_295 })
  t.strictSame(await run({ seed: 4_294_967_295, lose: 1, duplicate: 0.5 }), one)
  t.notSame(await run({ seed: 1 }), one)
})

t.test('With lose, no callback comes, and the queries go on', async t => {
  const lines: string[] = []
  const log = (line: string): void => { lines.push(line) }
  const { time, receiver, sandbox, submit, dataOf } = await start(t, { lose: 1, log })
  const taskId = await submit('validate', VALIDATE)
  time.pass(3000)
  t.match(await dataOf('validate', taskId), { status: 'wait_validating' })
  time.pass(86_400_000)
  t.equal(receiver.waiting + sandbox.deliveries.length, 0)
  t.match(lines, [/POST validate/, `callback of ${taskId} (wait_validating): lost`])
})

t.test('With late, the callback comes after the queries have the phrase', async t => {
  const { time, receiver, sandbox, submit, dataOf } = await start(t, { late: 1, lateByMs: 40_000 })
  const taskId = await submit('validate', VALIDATE)
  time.pass(42_999)
  const { validateInfo } = await dataOf('validate', taskId)
  t.equal(sandbox.deliveries.length, 0)
  time.pass(1)
  t.equal((await receiver.next()).body.data.validateInfo, validateInfo)
})

t.test('With duplicate, the same callback comes twice', async t => {
  const { time, receiver, submit } = await start(t, { duplicate: 1 })
  await submit('validate', VALIDATE)
  time.pass(3000)
  const { body } = await receiver.next()
  time.pass(1000)
  t.strictSame((await receiver.next()).body, body)
})

t.test('With emptyFirst, wait_validating comes with an empty phrase first', async t => {
  const { time, receiver, submit, dataOf } = await start(t, { emptyFirst: 1 })
  const taskId = await submit('validate', VALIDATE)
  time.pass(1500)
  const empty = { status: 'wait_validating', validateInfo: '' }
  t.match((await receiver.next()).body, { code: 200, data: empty })
  t.match(await dataOf('validate', taskId), empty)
  await t.rejects(submit('generate', { taskId, ...VERIFY }), REFUSED)
  time.pass(1500)
  t.match((await receiver.next()).body.data, { status: 'wait_validating', validateInfo: /\w/ })
})

t.test('A callback is sent four times at most until it is answered with 200', async t => {
  for (const [statuses, expected] of [
    [[500, 200], [500, 200]],
    [[404, 307, 201, 503, 200], [404, 307, 201, 503]]
  ] as const) {
    const { time, receiver, sandbox, submit } = await start(t, {}, ...statuses)
    await submit('validate', VALIDATE)
    time.pass(3000)
    const bodies: unknown[] = []
    for (let i = 1; i <= expected.length; i++) {
      bodies.push((await receiver.next()).body)
      while (sandbox.deliveries.length < i) await new Promise(setImmediate)
      time.pass(1000)
    }
    t.strictSame(sandbox.deliveries.map(({ status }) => status), expected)
    t.strictSame(sandbox.deliveries.map(({ attempt }) => attempt), expected.map((_, i) => i + 1))
    t.ok(bodies.every((body) => JSON.stringify(body) === JSON.stringify(bodies[0])))
    time.pass(10_000)
    t.equal(sandbox.deliveries.length, expected.length)
  }
})

t.test('A callback to nobody is a failed delivery', async t => {
  const { time, sandbox, suno } = await start(t)
  await suno.submit('validate', VALIDATE, `http://127.0.0.1:${await freePort()}/`)
  time.pass(3000)
  while (sandbox.deliveries.length === 0) await new Promise(setImmediate)
  t.match(sandbox.deliveries, [{ status: null, attempt: 1 }])
})

for (const [vendor, sunoCode] of [['sunoapi', 429], ['kie', 402]] as const) {
  t.test(`Without credits ${vendor} answers ${sunoCode}`, async t => {
    const { submit, dataOf } = await start(t, { vendor, credits: 1 })
    await t.rejects(submit('regenerate', { taskId: 'nope' }), REFUSED, 'a refusal costs nothing')
    const taskId = await submit('validate', VALIDATE)
    const words = 'The current credits are insufficient'
    await t.rejects(submit('validate', VALIDATE), { name: 'SunoError', kind: 'no-credits', sunoCode, words })
    await t.resolves(dataOf('validate', taskId))
  })
}

for (const [vendor, sunoCode] of [['sunoapi', 430], ['kie', 429]] as const) {
  t.test(`Past the rate limit ${vendor} answers ${sunoCode} until 10 seconds have passed`, async t => {
    const { time, submit, dataOf } = await start(t, { vendor, rateLimit: 2 })
    const taskId = await submit('validate', VALIDATE)
    time.pass(5000)
    await dataOf('validate', taskId)
    await t.rejects(submit('validate', VALIDATE), { name: 'SunoError', kind: 'busy', sunoCode })
    time.pass(5000)
    await dataOf('validate', taskId)
    await t.rejects(dataOf('validate', taskId), { name: 'SunoError', kind: 'busy', sunoCode })
  })
}

t.test('The API key has to be the one that is wanted, and there has to be one', async t => {
  const { sandbox } = await start(t, { apiKey: 'right' })
  const ask = (apiKey: string) => createSunoClient({ apiUrl: sandbox.url, apiKey }).submit('validate', VALIDATE)
  await t.resolves(ask('right'))
  await t.rejects(ask('wrong'), { name: 'SunoError', kind: 'unauthorized', sunoCode: 401 })
  for (const authorization of ['', 'Basic right']) {
    const { json } = await call(sandbox.url, 'validate', { body: VALIDATE, headers: { authorization } })
    t.match(json, { code: 401, data: null })
  }
  const without = await fetch(`${sandbox.url}/api/v1/voice/validate-info`)
  t.match(await without.json(), { code: 401, data: null })
})

const MISTAKES: Array<[Step | 'check-voice', object, RegExp]> = [
  ['validate', { vocalStartS: 0, vocalEndS: 10 }, /^voiceUrl: /],
  ['validate', { ...VALIDATE, vocalStartS: 0.5 }, /^vocalStartS: /],
  ['validate', { ...VALIDATE, vocalStartS: 10 }, /^vocalEndS has to be greater/],
  ['validate', { ...VALIDATE, language: 7 }, /^language: /],
  ['validate', { ...VALIDATE, callBackUrl: 'nowhere' }, /^callBackUrl has to be a URL/],
  ['validate', { ...VALIDATE, callBackUrl: 'file:///etc' }, /^callBackUrl has to be a URL/],
  ['validate', { ...VALIDATE, callBackUrl: 7 }, /^callBackUrl has to be a URL/],
  ['regenerate', { calBackUrl: 'http://a.example' }, /^taskId: /],
  ['regenerate', { taskId: 'a' }, /^calBackUrl is required/],
  ['regenerate', { taskId: 'a', callBackUrl: 'http://a.example' }, /^calBackUrl is required/],
  ['regenerate', { taskId: 'a', calBackUrl: 'http://a.example' }, /^record not found/],
  ['generate', { taskId: 'a' }, /^verifyUrl: /],
  ['generate', { taskId: 'a', ...VERIFY }, /^verification phrase expired or not found/],
  ['check-voice', { taskId: 'a' }, /^task_id is required/]
]

for (const [name, body, msg] of MISTAKES) {
  t.test(`The sandbox refuses ${name} with ${JSON.stringify(body)}, in HTTP 200`, async t => {
    for (const [vendor, code] of [['sunoapi', 400], ['kie', 422]] as const) {
      const { sandbox } = await start(t, { vendor })
      t.match(await call(sandbox.url, name, { body }), { status: 200, json: { code, msg, data: null } })
    }
  })
}

t.test('The sandbox does not know other tasks', async t => {
  const { suno, sandbox } = await start(t)
  for (const step of ['validate', 'generate'] as const) {
    await t.rejects(suno.ask(step, 'nope'), { name: 'SunoError', kind: 'refused', words: 'record not found' })
  }
  t.strictSame(await checkVoice(sandbox.url, 'nope'), { isAvailable: false })
  t.match((await call(sandbox.url, 'validate-info', { method: 'GET' })).json, { code: 400, msg: 'record not found' })
})

for (const [what, name, options] of [
  ['another method', 'validate', { method: 'GET' }],
  ['another call', 'invalidate', { body: {} }],
  ['another path', 'validate/more', { body: {} }]
] as const) {
  t.test(`The sandbox answers 404 to ${what}`, async t => {
    const { sandbox } = await start(t)
    t.match(await call(sandbox.url, name, options), { status: 404, json: { code: 404, data: null } })
  })
}

for (const [what, options, msg] of [
  ['another content type', { body: {}, headers: { 'content-type': 'text/plain' } }, /^Content-Type has to be/],
  ['a body that is not JSON', { body: '{' }, 'The body has to be a JSON object'],
  ['a list', { body: [] }, 'The body has to be a JSON object'],
  ['null', { body: 'null' }, 'The body has to be a JSON object'],
  ['a body that is too large', { body: { ...VALIDATE, a: 'x'.repeat(70_000) } }, 'The body is larger than 65536 bytes']
] as const) {
  t.test(`The sandbox refuses ${what}`, async t => {
    const { sandbox } = await start(t)
    t.match(await call(sandbox.url, 'validate', options), { status: 200, json: { code: 400, msg, data: null } })
  })
}

t.test('A page of a stranger cannot make the sandbox post to an address', async t => {
  const { sandbox } = await start(t)
  const preflight = { method: 'OPTIONS', headers: { origin: 'https://evil.example' } }
  const { headers } = await fetch(`${sandbox.url}/api/v1/voice/validate`, preflight)
  t.notOk(headers.has('access-control-allow-origin'))
})

t.test('The sandbox outlives a client that leaves in the middle of its body', async t => {
  const { sandbox, suno } = await start(t)
  const headers = { 'content-type': 'application/json', 'content-length': '100', authorization: 'Bearer any' }
  const request = httpRequest(`${sandbox.url}/api/v1/voice/validate`, { method: 'POST', headers })
  request.on('error', () => {})
  request.write('{')
  const [socket] = await once(request, 'socket')
  request.destroy()
  await once(socket, 'close')
  await t.resolves(suno.submit('validate', VALIDATE))
})

t.test('close() ends everything: what is due, what is under way, and the server', async t => {
  const { time, sandbox, receiver, submit } = await start(t, {}, 500)
  await submit('validate', VALIDATE)
  time.pass(3000)
  await receiver.next()
  while (sandbox.deliveries.length === 0) await new Promise(setImmediate)
  t.not(time.pending, 0)
  const url = sandbox.url
  await sandbox.close()
  t.equal(time.pending, 0)
  await t.rejects(fetch(url))
  await t.resolves(sandbox.close(), 'safe to call twice')
})

t.test('close() aborts a delivery that is under way', async t => {
  const { time, sandbox, suno } = await start(t)
  const arrived = Promise.withResolvers<void>()
  const { url } = await startServer(t, () => { arrived.resolve() })
  await suno.submit('validate', VALIDATE, url)
  time.pass(3000)
  await arrived.promise
  await sandbox.close()
  t.strictSame(sandbox.deliveries, [])
})

t.test('A sandbox that is not told otherwise runs in real time on loopback', async t => {
  const receiver = await startReceiver(t)
  const sandbox = createSandbox({ phraseAfterMs: 1, resendAfterMs: 1 })
  t.teardown(() => sandbox.close())
  const apiUrl = await sandbox.listen()
  t.match(apiUrl, /^http:\/\/127\.0\.0\.1:\d+$/)
  const taskId = await createSunoClient({ apiUrl, apiKey: 'any' }).submit('validate', VALIDATE, receiver.url)
  t.match((await receiver.next()).body.data, { taskId, status: 'wait_validating' })
})

t.test('A port that is taken is an error', async t => {
  const { sandbox } = await start(t)
  const port = Number(new URL(sandbox.url).port)
  await t.rejects(createSandbox({ port }).listen(), { code: 'EADDRINUSE' })
})
