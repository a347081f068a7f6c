import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import t from 'tap'
import { startAsking, startSandbox, startWithVendor, submitTo, VALIDATE } from '../../support/asking.ts'
import { phraseReady, post } from '../../support/callbacks.ts'
import { freePort } from '../../support/port.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { startRelay } from '../../support/relay.ts'
import { answer, cutStream, nothing, type Handler } from '../../support/server.ts'
import { watch } from '../../support/sse.ts'
import { memoryStore } from '../../../src/store/memory/store.ts'
import { ticketCheck } from '../../../src/ticket.ts'

const KEY = 'k'.repeat(32)
const accepted = (taskId: string) => answer(200, { code: 200, msg: 'success', data: { taskId } })

t.test('POST /tasks submits, and the stream that it names shows the phrase', async t => {
  const sandbox = await startSandbox(t)
  const { url } = await startAsking(t, sandbox.url)
  const { status, headers, json } = await submitTo(`${url}/tasks`, { ...VALIDATE, language: 'de', brandNew: [1] })
  const { taskId, lastEventId } = json
  t.equal(status, 201)
  const events = `${url}/events/${taskId}?lastEventId=${lastEventId}`
  t.strictSame(json, { taskId, step: 'validate', lastEventId, events, ticket: null, expiresAt: null })
  t.match(lastEventId, /\.0$/)
  t.equal(headers.get('location'), `${url}/tasks/${taskId}`)
  t.equal(headers.get('cache-control'), 'no-store')
  t.equal(headers.get('access-control-allow-origin'), null)
  const { params } = sandbox.requests[0] ?? {}
  const callBackUrl = new RegExp(`^${url}/callback/validate\\?token=[\\w.-]+$`)
  t.match(params, { language: 'de', brandNew: [1], callBackUrl })
  t.notOk('step' in (params as object))

  const stream = await watch(t, json.events)
  t.equal((await stream.next()).data.taskId, taskId)
  const { event, data } = await stream.next()
  t.equal(event, 'phrase-ready')
  t.match(data, { taskId, source: 'callback', step: 'validate' })
})

t.test('POST /tasks shows nothing from before a regenerate under the same id', async t => {
  const sandbox = await startSandbox(t, { sameId: true })
  const { url } = await startAsking(t, sandbox.url)
  const first = await submitTo(`${url}/tasks`, VALIDATE)
  const { taskId } = first.json
  const before = await watch(t, `${first.json.events}&until=done`)
  t.strictSame(await before.rest(), ['subscribed', 'phrase-ready', 'closing'])

  const second = await submitTo(`${url}/tasks`, { step: 'regenerate', taskId })
  t.equal(second.json.taskId, taskId)
  const after = await watch(t, `${second.json.events}&until=done`)
  t.match(await after.next(), { event: 'subscribed', id: second.json.lastEventId })
  t.match(await after.next(), { event: 'phrase-ready', data: { step: 'regenerate' } })
})

t.test('POST /tasks gives a browser a ticket in the URL of the stream', async t => {
  const sandbox = await startSandbox(t)
  const { url } = await startAsking(t, sandbox.url, { TICKET_KEYS: [KEY, 'other'.repeat(8)] })
  const { json: { taskId, events, ticket, expiresAt } } = await submitTo(`${url}/tasks`, VALIDATE)
  t.equal(await ticketCheck([KEY])([ticket], [taskId]), Date.parse(expiresAt))
  t.ok(Date.parse(expiresAt) > Date.now() + 80_000_000)
  t.equal((await watch(t, events)).status, 200)
  t.equal((await watch(t, events.replace(ticket, 'x'))).status, 401)
})

t.test('POST /tasks names the host of the request and the prefix where there is no public URL', async t => {
  const { url: vendor } = await startSandbox(t)
  const config = { SUNO_API_KEY: 'sk', SUNO_API_URL: vendor }
  const { url } = await mountRelay(t, memoryStore(), { prefix: '/relay', config })
  const { json, headers } = await submitTo(`${url}/relay/tasks`, VALIDATE)
  t.ok(json.events.startsWith(`${url}/relay/events/${json.taskId}?`), json.events)
  t.equal(headers.get('location'), `${url}/relay/tasks/${json.taskId}`)
})

t.test('POST /tasks spells the callback URL of a public URL that has a prefix and a slash', async t => {
  const sandbox = await startSandbox(t, { lose: 1 })
  const { url } = await startAsking(t, sandbox.url, { PUBLIC_URL: 'https://relay.example/voice/', API_TOKENS: [KEY] })
  const { json } = await submitTo(`${url}/tasks`, VALIDATE, { authorization: `Bearer ${KEY}` })
  t.match(json.events, /^https:\/\/relay\.example\/voice\/events\//)
  t.match(sandbox.requests[0]?.params, { callBackUrl: /^https:\/\/relay\.example\/voice\/callback\/validate\?token=/ })
})

const html: Handler = (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>')
const redirect: Handler = (_request, response) => response.writeHead(307, { location: 'https://a.example/' }).end()
const refused = (code: number, msg: string) => answer(200, { code, msg })
const busy = answer(200, { code: 430, msg: 'Too often' }, { 'retry-after': '7' })

const REFUSALS: Array<[string, Handler, number, object, string?]> = [
  ['a code of Suno', refused(422, 'Too short'), 422, { code: 'SUNO_REFUSED', sunoCode: 422, detail: /Too short/ }],
  ['an HTTP status', answer(400, { message: 'Bad' }), 422, { code: 'SUNO_REFUSED', sunoCode: 400, detail: /Bad/ }],
  ['a key that it does not accept', refused(401, 'No access'), 422, { code: 'SUNO_REFUSED', sunoCode: 401 }],
  ['no credits', answer(200, { code: 429, msg: 'No credits' }), 402, { code: 'SUNO_NO_CREDITS', sunoCode: 429 }],
  ['too many requests', busy, 429, { code: 'SUNO_BUSY', sunoCode: 430 }, '7'],
  ['too many requests without a time', answer(200, { code: 405, msg: 'Too often' }), 429, { code: 'SUNO_BUSY' }, '10'],
  ['maintenance', answer(200, { code: 455, msg: 'Maintenance' }), 502, { code: 'SUNO_UNREACHABLE', sunoCode: 455 }],
  ['an error of the server', answer(500, { code: 500, msg: 'Oops' }), 502, { code: 'SUNO_UNREACHABLE', sunoCode: 500 }],
  ['HTML', html, 502, { code: 'SUNO_UNREACHABLE' }],
  ['no task id', answer(200, { code: 200, msg: 'success', data: {} }), 502, { code: 'SUNO_UNREACHABLE' }],
  ['a redirect', redirect, 502, { code: 'SUNO_UNREACHABLE', sunoCode: 307 }],
  ['a connection that is cut', cutStream('{"code"'), 504, { code: 'SUNO_UNREACHABLE' }],
  ['3 MB', (_request, response) => response.end(' '.repeat(3_000_000)), 504, { code: 'SUNO_UNREACHABLE' }]
]

for (const [what, handler, status, problem, retryAfter = null] of REFUSALS) {
  t.test(`POST /tasks answers ${status} when Suno answers with ${what}`, async t => {
    const { relay: { url, hub }, vendor } = await startWithVendor(t, handler)
    const reply = await submitTo(`${url}/tasks`, VALIDATE)
    t.equal(reply.status, status)
    t.match(reply.json, problem)
    t.equal(reply.headers.get('retry-after'), retryAfter)
    t.match(reply.headers.get('content-type'), /^application\/problem\+json/)
    t.equal(vendor.requests.length, 1)
    t.strictSame(await hub.submissions.counts(), { expected: 0, overdue: 0 })
  })
}

t.test('POST /tasks answers 502 when there is no connection to Suno', async t => {
  const { url } = await startAsking(t, `http://127.0.0.1:${await freePort()}`)
  t.match(await submitTo(`${url}/tasks`, VALIDATE), { status: 502, json: { code: 'SUNO_UNREACHABLE' } })
})

t.test('POST /tasks answers 501 without an API key of Suno, and sends no ticket or token back', async t => {
  const { url } = await startRelay(t)
  t.match(await submitTo(`${url}/tasks`, VALIDATE), { status: 501, json: { code: 'SUNO_NOT_CONFIGURED' } })
  t.match(await submitTo(`${url}/tasks/a`, { step: 'validate' }, {}, 'PUT'), { status: 501 })
})

t.test('POST /tasks needs one of the API tokens', async t => {
  const API_TOKENS = ['secret-one', 'secret-two'].map((name) => name.padEnd(32, '.'))
  const [one = '', two = ''] = API_TOKENS
  const { relay: { url }, vendor } = await startWithVendor(t, accepted('a'), { API_TOKENS })
  for (const token of ['', 'secret', `${one},${two}`, one.toUpperCase(), 'undefined']) {
    const authorization = `Bearer ${token}`
    const { status, json, headers } = await submitTo(`${url}/tasks`, VALIDATE, { authorization })
    t.match({ status, json }, { status: 401, json: { code: 'API_TOKEN_INVALID' } }, authorization)
    t.equal(headers.get('www-authenticate'), 'Bearer')
  }
  t.equal((await submitTo(`${url}/tasks/a`, { step: 'validate' }, {}, 'PUT')).status, 401)
  t.strictSame(vendor.requests, [])
  t.equal((await submitTo(`${url}/tasks`, VALIDATE, { authorization: one })).status, 401)
  for (const token of API_TOKENS) {
    t.equal((await submitTo(`${url}/tasks`, VALIDATE, { authorization: `Bearer ${token}` })).status, 201)
  }
})

/** Posts with any Host, which fetch() does not allow. */
async function postAs (host: string, url: string): Promise<number | undefined> {
  const request = httpRequest(`${url}/tasks`, { method: 'POST', headers: { host, 'content-type': 'application/json' } })
  const [response] = await once(request.end(JSON.stringify(VALIDATE)), 'response')
  response.resume()
  return response.statusCode
}

t.test('POST /tasks without API tokens accepts loopback names only', async t => {
  const { relay: { url }, vendor } = await startWithVendor(t, accepted('a'))
  for (const host of ['relay.example', 'rebound.example:3000', '10.0.0.1', '127.0.0.1.example']) {
    t.not(await postAs(host, url), 201, host)
  }
  t.strictSame(vendor.requests, [])
  for (const host of ['localhost:3000', '127.0.0.1', '[::1]:3000']) t.equal(await postAs(host, url), 201, host)
})

t.test('POST /tasks cannot be sent by a page of another origin', async t => {
  for (const CORS_ORIGINS of [['https://app.example'], ['*']]) {
    const { relay: { url }, vendor } = await startWithVendor(t, accepted('a'), { CORS_ORIGINS })
    for (const origin of ['https://app.example', 'http://localhost:1', 'null']) {
      const { status, headers } = await submitTo(`${url}/tasks`, VALIDATE, { origin })
      t.strictSame([status, headers.get('access-control-allow-origin')], [401, null], origin)
    }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      t.equal((await submitTo(`${url}/tasks`, VALIDATE, { 'content-type': type })).status, 415, type)
    }
    t.strictSame(vendor.requests, [])
    t.equal((await submitTo(`${url}/tasks`, VALIDATE, { origin: url })).status, 201, 'the live page')
  }
})

const { voiceUrl, ...noVoice } = VALIDATE
const nested = JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`)
const MISTAKES: Array<[string, unknown, RegExp, number?]> = [
  ['no step', noVoice && { voiceUrl }, /step/],
  ['an unknown step', { ...VALIDATE, step: 'callback' }, /step/],
  ['no voiceUrl', noVoice, /voiceUrl/],
  ['seconds that are text', { ...VALIDATE, vocalStartS: '0' }, /vocalStartS/],
  ['a part that is empty', { ...VALIDATE, vocalStartS: 10 }, /vocalEndS/],
  ['a regenerate without a task', { step: 'regenerate' }, /taskId/],
  ['a task id that is none', { step: 'regenerate', taskId: 'a b' }, /taskId/],
  ['a generate without a recording', { step: 'generate', taskId: 'a' }, /verifyUrl/],
  ['a list', [], /body/],
  ['text', '"validate"', /body/],
  ['no JSON', '{', /./],
  ['nothing', '', /./],
  ['a key named __proto__', `{"__proto__":{},${JSON.stringify(VALIDATE).slice(1)}`, /./],
  ['a body that is nested too deep', { ...VALIDATE, nested }, /nested/],
  ['a body that is too large', { ...VALIDATE, text: 'x'.repeat(70_000) }, /./, 413]
]

for (const [what, body, detail, status = 400] of MISTAKES) {
  t.test(`POST /tasks sends nothing for ${what}`, async t => {
    const { relay: { url, hub }, vendor } = await startWithVendor(t, accepted('a'))
    const reply = await submitTo(`${url}/tasks`, body)
    t.equal(reply.status, status)
    t.match(reply.json.detail, detail)
    t.strictSame(vendor.requests, [])
    t.equal(await hub.submissions.nextDueMs(), undefined)
  })
}

t.test('POST /tasks submits once under an Idempotency-Key, and answers the same again', async t => {
  let count = 0
  const handler: Handler = (...args) => accepted(`task-${++count}`)(...args)
  const { relay: { url }, vendor } = await startWithVendor(t, handler, { TICKET_KEYS: [KEY] })
  const headers = { 'idempotency-key': '"8e03978e-40d5"' }
  const first = await submitTo(`${url}/tasks`, VALIDATE, headers)
  const { step, ...fields } = VALIDATE
  const again = await submitTo(`${url}/tasks`, { ...fields, step }, headers)
  t.strictSame([again.status, again.json], [201, first.json])
  const other = await submitTo(`${url}/tasks`, { ...VALIDATE, vocalEndS: 11 }, headers)
  t.match(other, { status: 422, json: { code: 'IDEMPOTENCY_KEY_REUSED' } })
  t.match(await submitTo(`${url}/tasks`, { step: 'regenerate', taskId: 'task-1' }, headers), { status: 422 })
  t.equal(vendor.requests.length, 1)
  t.equal((await submitTo(`${url}/tasks`, VALIDATE, { 'idempotency-key': 'another' })).json.taskId, 'task-2')
  t.equal((await submitTo(`${url}/tasks`, VALIDATE, { 'idempotency-key': 'x'.repeat(256) })).status, 400)
})

t.test('POST /tasks answers 409 while the first request under a key is under way', async t => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>()
  const { relay: { url }, vendor } = await startWithVendor(t, async (...args) => {
    arrive()
    await held
    accepted('a')(...args)
  })
  const headers = { 'idempotency-key': 'key' }
  const first = submitTo(`${url}/tasks`, VALIDATE, headers)
  await arrived
  const { status, json, headers: { get } } = await submitTo(`${url}/tasks`, VALIDATE, headers)
  t.match({ status, json }, { status: 409, json: { code: 'SUBMISSION_UNDER_WAY' } })
  t.type(get, 'function')
  release()
  t.equal((await first).status, 201)
  t.equal((await submitTo(`${url}/tasks`, VALIDATE, headers)).json.taskId, 'a')
  t.equal(vendor.requests.length, 1)
})

t.test('POST /tasks may be repeated under a key that Suno has refused', async t => {
  let isFirst = true
  const { relay: { url } } = await startWithVendor(t, (...args) => {
    const handler = isFirst ? answer(200, { code: 422, msg: 'no' }) : accepted('a')
    isFirst = false
    return handler(...args)
  })
  const headers = { 'idempotency-key': 'key' }
  t.equal((await submitTo(`${url}/tasks`, VALIDATE, headers)).status, 422)
  t.equal((await submitTo(`${url}/tasks`, VALIDATE, headers)).status, 201)
})

t.test('POST /tasks whose answer was lost is not sent again, and is known once a callback names its task', async t => {
  let callbackUrl = ''
  const { relay: { url }, vendor } = await startWithVendor(t, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    callbackUrl = JSON.parse(Buffer.concat(chunks).toString()).callBackUrl
    response.destroy()
  })
  const headers = { 'idempotency-key': 'key' }
  for (const time of ['first', 'second']) {
    const lost = await submitTo(`${url}/tasks`, VALIDATE, headers)
    t.match(lost, { status: 504, json: { code: 'SUNO_UNREACHABLE' } }, time)
  }
  t.equal((await submitTo(callbackUrl, phraseReady('lost'))).status, 200)
  const { status, json } = await submitTo(`${url}/tasks`, VALIDATE, headers)
  t.strictSame([status, json.taskId], [201, 'lost'])
  t.equal(vendor.requests.length, 1)
  const stream = await watch(t, json.events)
  await stream.next()
  t.equal((await stream.next()).event, 'phrase-ready')
})

t.test('POST /tasks gives up a submission whose callback names another task than the answer', async t => {
  const { relay: { url } } = await startWithVendor(t, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { callBackUrl } = JSON.parse(Buffer.concat(chunks).toString())
    await submitTo(callBackUrl, phraseReady('one'))
    accepted('other')(request, response)
  })
  const { status, json } = await submitTo(`${url}/tasks`, VALIDATE)
  t.match([status, json], [502, { code: 'SUNO_UNREACHABLE', detail: /another task/ }])
})

t.test('A callback proves itself by the reservation in its URL, for its task and its step', async t => {
  const sandbox = await startSandbox(t, { lose: 1 })
  const { url } = await startAsking(t, sandbox.url)
  const { json: { taskId } } = await submitTo(`${url}/tasks`, VALIDATE)
  const query = new URL(sandbox.requests[0]?.params['callBackUrl'] as string).search
  type Step = 'validate' | 'generate'
  const send = (body: unknown, step: Step = 'validate', search = query) => post(url, body, { step, query: search })

  t.equal((await send(phraseReady('other'))).status, 401)
  t.equal((await send(phraseReady(taskId), 'generate')).status, 401)
  t.equal((await send(phraseReady(taskId), 'validate', `${query}x`)).status, 401)
  t.equal((await post(url, phraseReady(taskId), { step: 'validate' })).status, 401)
  t.match(await send(phraseReady(taskId)), { status: 200, json: { taskId, duplicate: false } })
  t.match(await send(phraseReady(taskId)), { status: 200, json: { taskId, duplicate: true } })
  t.match(await send('{"code":200}'), { status: 200, json: { quarantined: true } })
})

t.test('A callback that is quicker than the answer belongs to the task that it names', async t => {
  const { relay: { url } } = await startWithVendor(t, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { callBackUrl } = JSON.parse(Buffer.concat(chunks).toString())
    await submitTo(callBackUrl, phraseReady('quick'))
    t.equal((await submitTo(callBackUrl, phraseReady('other'))).status, 401)
    accepted('quick')(request, response)
  })
  const { json } = await submitTo(`${url}/tasks`, VALIDATE)
  const stream = await watch(t, `${json.events}&until=done`)
  t.strictSame(await stream.rest(), ['subscribed', 'phrase-ready', 'closing'])
})

t.test('PUT /tasks/:taskId watches over a task that was submitted elsewhere, once', async t => {
  const { relay: { url, hub }, vendor } = await startWithVendor(t, nothing)
  const first = await submitTo(`${url}/tasks/a`, { step: 'generate' }, {}, 'PUT')
  t.match(first, { status: 201, json: { taskId: 'a', step: 'generate', lastEventId: /\.0$/, ticket: null } })
  const second = await submitTo(`${url}/tasks/a`, { step: 'generate' }, {}, 'PUT')
  t.strictSame([second.status, second.json], [200, first.json])
  t.equal(first.headers.get('location'), `${url}/tasks/a`)
  t.strictSame(await hub.submissions.counts(), { expected: 1, overdue: 0 })
  t.equal((await submitTo(`${url}/tasks/a`, { step: 'sing' }, {}, 'PUT')).status, 400)
  t.equal((await submitTo(`${url}/tasks/a%20b`, { step: 'validate' }, {}, 'PUT')).status, 400)
  t.strictSame(vendor.requests, [])
})
