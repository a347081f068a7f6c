import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import type { Step } from '../../schemas/callback.ts'
import { readCallback } from '../../src/suno/callback.ts'
import { createSunoClient, type SunoClientOptions } from '../../src/suno/client.ts'
import { SunoError, type SunoErrorKind } from '../../src/suno/error.ts'
import type { Vendor } from '../../src/suno/vendor.ts'
import { phraseFailed, phraseReady, voiceReady } from '../support/callbacks.ts'
import { freePort } from '../support/port.ts'
import { answer, cutStream, nothing, startServer, type Handler } from '../support/server.ts'

const KEY = 'sk-0123456789abcdef'
const CALLBACK = 'https://relay.example/callback/validate?token=secret'
const STEPS: readonly Step[] = ['validate', 'regenerate', 'generate']
const VENDORS: readonly Vendor[] = ['sunoapi', 'kie']
const UNREACHABLE = { name: 'SunoError', kind: 'unreachable' } as const

type Given = Partial<SunoClientOptions>

function client (apiUrl: string, given: Given = {}) {
  return createSunoClient({ apiUrl, apiKey: KEY, ...given })
}

/** Starts a vendor and returns the error of a submission and of a question, each on a vendor of its own. */
async function failures (t: Test, handler: Handler, given: Given = {}): Promise<{ submit: SunoError, ask: SunoError }> {
  const [submits, asks] = [await startServer(t, handler), await startServer(t, handler)]
  const submit = await failureOf(client(submits.url, given).submit('validate', {}))
  const ask = await failureOf(client(asks.url, given).ask('validate', 'a'))
  t.strictSame([submits.requests.length, asks.requests.length], [1, 1], 'nothing is sent twice')
  return { submit, ask }
}

async function failureOf (call: Promise<unknown>): Promise<SunoError> {
  return call.then((value) => { throw new Error(`it succeeded: ${inspect(value)}`) }, (error) => error)
}

/** A vendor that accepts everything and keeps the last request. */
async function startVendor (t: Test, json: unknown = { code: 200, msg: 'success', data: { taskId: 'a' } }) {
  const seen: { request?: IncomingMessage, body?: string } = {}
  const { url } = await startServer(t, async (request, response) => {
    seen.request = request
    seen.body = await text(request)
    answer(200, json)(request, response)
  })
  return { url, seen }
}

t.test('submit() posts the fields and the callback URL, in the spelling of its step', async t => {
  const { url, seen } = await startVendor(t)
  const spelling = { validate: 'callBackUrl', regenerate: 'calBackUrl', generate: 'callBackUrl' }
  for (const step of STEPS) {
    const fields = { voiceUrl: 'https://a.example/a.mp3', brandNew: { deep: [1, null] } }
    t.equal(await client(url).submit(step, fields, CALLBACK), 'a')
    t.equal(`${seen.request?.method} ${seen.request?.url}`, `POST /api/v1/voice/${step}`)
    t.match(seen.request?.headers, { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' })
    t.strictSame(JSON.parse(seen.body as string), { ...fields, [spelling[step]]: CALLBACK })
  }
})

t.test('submit() lets no callback URL of the fields through', async t => {
  const { url, seen } = await startVendor(t)
  for (const step of STEPS) {
    await client(url).submit(step, {
      callBackUrl: 'https://evil.example',
      calBackUrl: 'https://evil.example'
    }, CALLBACK)
    t.notMatch(seen.body, 'evil')
  }
})

t.test('submit() without a callback URL sends none, except for regenerate, which requires one', async t => {
  const { url, seen } = await startVendor(t)
  const bodies = []
  for (const step of STEPS) {
    await client(url).submit(step, { taskId: 'b' })
    bodies.push(JSON.parse(seen.body as string))
  }
  const calBackUrl = 'https://phrase-relay.invalid/callback/regenerate'
  t.strictSame(bodies, [{ taskId: 'b' }, { taskId: 'b', calBackUrl }, { taskId: 'b' }])
})

for (const [what, data] of [
  ['data.taskId', { data: { taskId: 'id', task_id: 'x' }, taskId: 'y' }],
  ['data.task_id', { data: { taskId: null, task_id: 'id' }, taskId: 'y' }],
  ['taskId', { data: null, taskId: 'id', task_id: 'z' }],
  ['task_id', { data: { taskId: '' }, task_id: 'id' }]
] as const) {
  t.test(`submit() takes the task id from ${what}`, async t => {
    const { url } = await startVendor(t, { code: 200, ...data })
    t.equal(await client(url).submit('validate', {}), 'id')
  })
}

for (const [what, data] of [
  ['no data', undefined],
  ['no task id', {}],
  ['an empty task id', { taskId: '' }],
  ['a task id that is a number', { taskId: 7 }],
  ['a task id with a slash', { taskId: 'a/b' }],
  ['a task id of 129 characters', { taskId: 'x'.repeat(129) }]
] as const) {
  t.test(`submit() fails when Suno accepts it with ${what}`, async t => {
    const { url } = await startVendor(t, { code: 200, data })
    const error = { ...UNREACHABLE, maybeSubmitted: true, message: /names no task id/ }
    await t.rejects(client(url).submit('validate', {}), error)
  })
}

t.test('ask() reads the state of a task by the call of its step', async t => {
  for (const [step, name, body] of [
    ['validate', 'validate-info', phraseReady('a:b')],
    ['regenerate', 'validate-info', phraseReady('a:b')],
    ['generate', 'record-info', voiceReady('a:b')]
  ] as const) {
    const { url, seen } = await startVendor(t, body)
    t.strictSame(await client(url).ask(step, 'a:b'), body)
    t.equal(`${seen.request?.method} ${seen.request?.url}`, `GET /api/v1/voice/${name}?taskId=a%3Ab`)
    t.equal(seen.request?.headers.authorization, `Bearer ${KEY}`)
  }
})

const inProgress = { taskId: 'a', status: 'processing_validate', validateInfo: null }
const withoutId = { status: 'wait_validating', validateInfo: 'Read me' }
const STATES: Array<[string, object, string]> = [
  ['a failed task whose code is not 200', phraseFailed('a'), 'phrase-failed'],
  ['a failed task whose code is a server error', { ...phraseFailed('a'), code: 500 }, 'phrase-failed'],
  ['a failed task whose code is 200', { code: 200, data: { taskId: 'a', status: 'fail' } }, 'phrase-failed'],
  ['a task in progress', { code: 200, data: inProgress }, 'task-update'],
  ['a state that does not repeat the task id', { code: 200, data: withoutId }, 'phrase-ready']
]

for (const [what, body, event] of STATES) {
  t.test(`ask() returns ${what}, which reads like a callback`, async t => {
    const { url } = await startVendor(t, body)
    const reception = { receivedAt: new Date(), signedTaskId: 'a', source: 'query' } as const
    const read = readCallback('validate', await client(url).ask('validate', 'a'), reception)
    t.match(read, { taskId: 'a', draft: { event } })
  })
}

for (const [what, body, message] of [
  ['another task', phraseReady('b'), /names another task/],
  ['another task at the top level', { ...phraseReady('a'), task_id: 'b' }, /names another task/],
  ['no data', { code: 200, msg: 'success', data: null }, /not the state of a task/],
  ['no status', { code: 200, data: { taskId: 'a', validateInfo: 'Read me' } }, /not the state of a task/],
  ['a field of a wrong type', { code: 200, data: { status: 'fail', validateInfo: 7 } }, /not the state of a task/]
] as const) {
  t.test(`ask() fails when the answer has ${what}`, async t => {
    const { url } = await startVendor(t, body)
    await t.rejects(client(url).ask('validate', 'a'), { ...UNREACHABLE, maybeSubmitted: false, message })
  })
}

/** Code of the vendor, meaning at sunoapi.org, meaning at kie.ai, whether a submission may exist. */
const CODES: Array<[number, SunoErrorKind, SunoErrorKind, boolean?]> = [
  [400, 'refused', 'refused'],
  [401, 'unauthorized', 'unauthorized'],
  [402, 'refused', 'no-credits'],
  [404, 'refused', 'refused'],
  [405, 'busy', 'refused'],
  [413, 'refused', 'refused'],
  [422, 'refused', 'refused'],
  [429, 'no-credits', 'busy'],
  [430, 'busy', 'refused'],
  [455, 'unreachable', 'unreachable'],
  [500, 'unreachable', 'unreachable', true],
  [501, 'unreachable', 'unreachable', true],
  [600, 'refused', 'refused'],
  [0, 'refused', 'refused'],
  [-1, 'refused', 'refused']
]

for (const [code, sunoapi, kie, maybeSubmitted = false] of CODES) {
  for (const status of [200, code]) {
    if (status < 200 || status > 599) continue
    t.test(`Code ${code} in HTTP ${status} means ${sunoapi} at sunoapi.org, ${kie} at kie.ai`, async t => {
      for (const [vendor, kind] of [['sunoapi', sunoapi], ['kie', kie]] as const) {
        const { submit, ask } = await failures(t, answer(status, { code, msg: 'no such luck', data: null }), { vendor })
        const retryAfterSeconds = kind === 'busy' ? 10 : null
        const same = { kind, sunoCode: code, words: 'no such luck', retryAfterSeconds, timedOut: false }
        t.match(submit, { name: 'SunoError', ...same, maybeSubmitted })
        t.match(submit.message, new RegExp(`^Cannot submit to Suno: .*\\(code ${code}\\): no such luck$`))
        t.match(ask, { ...same, maybeSubmitted: false, message: /^Cannot ask Suno about the task: / })
      }
    })
  }
}

const html: (status: number) => Handler = (status) => (_request, response) => {
  response.writeHead(status, { 'content-type': 'text/html' }).end('<!doctype html><title>Just a moment</title>')
}
const body = (chunk: string | Uint8Array): Handler => (_request, response) => { response.writeHead(200).end(chunk) }

const FOREIGN_200 = { kind: 'unreachable', sunoCode: 200, message: /another form \(HTTP 200\)/ }
const BAD_REQUEST = { kind: 'refused', sunoCode: 400, words: 'Bad Request', maybeSubmitted: false }
const LATER = { kind: 'unreachable', sunoCode: 503, words: 'later', retryAfterSeconds: 7, maybeSubmitted: true }

/** Answers without a code of the vendor. */
const FOREIGN: Array<[string, Handler, Partial<Record<keyof SunoError, unknown>>]> = [
  ['HTML', html(200), { ...FOREIGN_200, maybeSubmitted: true }],
  ['HTML with 404', html(404), { kind: 'unreachable', sunoCode: 404, maybeSubmitted: true }],
  ['HTML with 502', html(502), { kind: 'unreachable', message: /unavailable \(HTTP 502\)$/, maybeSubmitted: true }],
  ['HTML with 401', html(401), { kind: 'unauthorized', maybeSubmitted: false }],
  ['HTML with 402', html(402), { kind: 'no-credits', maybeSubmitted: false }],
  ['HTML with 429', html(429), { kind: 'busy', retryAfterSeconds: 10, maybeSubmitted: false }],
  ['JSON of another server with 400', answer(400, { status: 400, error: 'Bad Request' }), { ...BAD_REQUEST }],
  ['JSON of another server with 403', answer(403, { message: 'Forbidden' }), { kind: 'refused', words: 'Forbidden' }],
  ['JSON of another server with 503', answer(503, { message: 'later' }, { 'retry-after': '7' }), { ...LATER }],
  ['success in HTTP 500', answer(500, phraseReady('a')), { kind: 'unreachable', sunoCode: 500, maybeSubmitted: true }],
  ['success in HTTP 400', answer(400, phraseReady('a')), { kind: 'refused', sunoCode: 400 }],
  ['a code that is text', body('{"code":"200","data":{"taskId":"a","status":"fail"}}'), FOREIGN_200],
  ['no code', body('{"data":{"taskId":"a"}}'), { kind: 'unreachable' }],
  ['null', body('null'), { ...FOREIGN_200, words: null }],
  ['a list', body('[]'), { kind: 'unreachable' }],
  ['a text', body('"success"'), { kind: 'unreachable' }],
  ['half of JSON', body('{"code":200,"data":{"taskId":"a"'), { kind: 'unreachable' }],
  ['bytes that are no UTF-8', body(new Uint8Array([0xff, 0xfe, 0])), { kind: 'unreachable' }],
  ['an empty body', body(''), { kind: 'unreachable', sunoCode: 200 }],
  ['no body', (_request, response) => { response.writeHead(204).end() }, { kind: 'unreachable', sunoCode: 204 }]
]

for (const [what, handler, expected] of FOREIGN) {
  t.test(`An answer of ${what} is an error by its meaning, at both vendors`, async t => {
    for (const vendor of VENDORS) {
      const { submit, ask } = await failures(t, handler, { vendor })
      t.match(submit, { name: 'SunoError', timedOut: false, ...expected })
      t.match(ask, { ...expected, maybeSubmitted: false })
    }
  })
}

t.test('An answer that says why is read with its words, bounded and on one line', async t => {
  const { submit } = await failures(t, answer(200, { code: 422, msg: `a\r\n\u001b[31mb${'c'.repeat(5000)}` }))
  t.equal(submit.words, `a [31mb${'c'.repeat(493)}`)
  const url = await failures(t, answer(200, { code: 422, msg: 'https://relay.example/callback?token=abc.d-e is bad' }))
  t.equal(url.submit.words, 'https://relay.example/callback?token=[token] is bad')
  for (const msg of ['', ' ', null, 7]) {
    const { submit } = await failures(t, answer(200, { code: 422, msg }))
    t.equal(submit.message, 'Cannot submit to Suno: it refuses the request (code 422)')
  }
})

t.test('An answer of 3 MB is an error', async t => {
  const { submit, ask } = await failures(t, body(' '.repeat(3_000_000)))
  t.match(submit, { ...UNREACHABLE, maybeSubmitted: true, message: /its answer is larger than 65536 bytes$/ })
  t.match(ask, { ...UNREACHABLE, maybeSubmitted: false })
})

t.test('The rest of an answer that is too large is not read: the connection is cut', async t => {
  const cut: Array<Promise<unknown>> = []
  const { submit, ask } = await failures(t, (_request, response) => {
    const timer = setInterval(() => { response.write(' '.repeat(10_000)) }, 1)
    cut.push(once(response, 'close').then(() => { clearInterval(timer) }))
  })
  for (const error of [submit, ask]) t.match(error, { ...UNREACHABLE, message: /larger than 65536/, timedOut: false })
  await Promise.all(cut)
})

t.test('An answer of exactly 64 KiB is read', async t => {
  const json = JSON.stringify({ code: 200, data: { taskId: 'a' } })
  const { url } = await startServer(t, body(json.padEnd(65_536)), body(json.padEnd(65_537)))
  t.equal(await client(url).submit('validate', {}), 'a')
  await t.rejects(client(url).submit('validate', {}), UNREACHABLE)
})

for (const [what, handler] of [
  ['a vendor that never answers', nothing],
  ['a body that never ends', ((_request, response) => { response.writeHead(200).write('{') }) satisfies Handler]
] as const) {
  t.test(`The time limit covers ${what}`, async t => {
    const { submit, ask } = await failures(t, handler, { timeoutMs: 1000 })
    const message = /no complete answer within 1000 ms$/
    t.match(submit, { ...UNREACHABLE, timedOut: true, maybeSubmitted: true, sunoCode: null, message })
    t.match(ask, { ...UNREACHABLE, timedOut: true, maybeSubmitted: false, message })
  })
}

for (const status of [300, 301, 302, 303, 307, 308]) {
  t.test(`A redirect with ${status} is not followed`, async t => {
    const other = await startServer(t, answer(200, phraseReady('a')))
    const { submit, ask } = await failures(t, answer(status, undefined, { location: other.url }))
    t.match(submit, { ...UNREACHABLE, sunoCode: status, maybeSubmitted: true, message: /redirects elsewhere/ })
    t.match(ask, { ...UNREACHABLE, maybeSubmitted: false })
    t.strictSame(other.requests, [])
  })
}

for (const [what, handler] of [
  ['before the answer', ((_request, response) => { response.destroy() }) satisfies Handler],
  ['within the answer', cutStream('{"code":200,')],
  ['by an answer that is not HTTP', ((request) => { request.socket.end('hello\r\n\r\n') }) satisfies Handler]
] as const) {
  t.test(`A connection that is cut ${what} is not tried again`, async t => {
    const { submit, ask } = await failures(t, handler)
    t.match(submit, { ...UNREACHABLE, maybeSubmitted: true, timedOut: false, message: /no complete answer: / })
    t.match(ask, { ...UNREACHABLE, maybeSubmitted: false })
  })
}

t.test('A refused connection is tried a second time, and nothing was submitted', async t => {
  let attempts = 0
  const counting: typeof fetch = (...args) => {
    attempts++
    return fetch(...args)
  }
  const suno = client(`http://127.0.0.1:${await freePort()}`, { fetch: counting })
  const error = await failureOf(suno.submit('validate', {}))
  t.match(error, { ...UNREACHABLE, maybeSubmitted: false, timedOut: false, message: /no connection: .*refused/i })
  t.equal(attempts, 2)
})

t.test('A host without an address is no connection', async t => {
  await t.rejects(client('http://phrase-relay.invalid').submit('validate', {}), {
    ...UNREACHABLE,
    maybeSubmitted: false
  })
})

t.test('A submission succeeds when the second connection does', async t => {
  const { url, seen } = await startVendor(t)
  const refused = `http://127.0.0.1:${await freePort()}`
  const targets = [refused, url]
  const moving: typeof fetch = (target, init) => fetch(String(target).replace(refused, targets.shift() as string), init)
  t.equal(await client(refused, { fetch: moving }).submit('validate', { voiceUrl: 'v' }), 'a')
  t.equal(seen.body, '{"voiceUrl":"v"}')
})

// Deno has no code, only words.
const DENO = 'error sending request'
for (const [what, error, sent] of [
  ['Node, refused', { code: 'ECONNREFUSED' }, false],
  ['Node, no such host', { code: 'ENOTFOUND' }, false],
  ['Node, no name server', { code: 'EAI_AGAIN' }, false],
  ['Node, no route', { code: 'EHOSTUNREACH' }, false],
  ['Deno, refused', { message: `${DENO} for url (http://a/): client error (Connect): tcp connect error: …` }, false],
  ['Deno, no such host', { message: `${DENO} for url (http://a/): client error (Connect): dns error: …` }, false],
  ['Node, reset', { code: 'ECONNRESET', message: 'read ECONNRESET' }, true],
  ['Node, closed', { code: 'UND_ERR_SOCKET', message: 'other side closed' }, true],
  [
    'Deno, closed',
    { message: `${DENO} from 127.0.0.1:1 for http://a/ (127.0.0.1:2): client error (SendRequest): …` },
    true
  ],
  ['an error without a cause', undefined, true]
] as const) {
  t.test(`Whether a failure may have submitted something: ${what}`, async t => {
    let attempts = 0
    const failing: typeof fetch = async () => {
      attempts++
      throw new TypeError('fetch failed', error && { cause: Object.assign(new Error(), error) })
    }
    const suno = client('http://a', { fetch: failing })
    await t.rejects(suno.submit('validate', {}), { ...UNREACHABLE, maybeSubmitted: sent })
    t.equal(attempts, sent ? 1 : 2)
  })
}

t.test('The time limit covers the pause before the second connection', async t => {
  const failing: typeof fetch = async () => { throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }) }
  const suno = client('http://a', { fetch: failing, timeoutMs: 20 })
  await t.rejects(suno.submit('validate', {}), { ...UNREACHABLE, timedOut: true })
})

const soon = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString()
for (const [what, header, least, most = least] of [
  ['a number', '7', 7],
  ['zero', '0', 0],
  ['a number beyond a day', '999999999', 86_400],
  ['a date', soon(120), 60, 120],
  ['a date that has passed', soon(-60), 0],
  ['nothing that can be read', 'soon', 10]
] as const) {
  t.test(`Retry-After is read: ${what}`, async t => {
    const busy = answer(429, { code: 429, msg: 'slow down' }, { 'retry-after': header })
    const { submit } = await failures(t, busy, { vendor: 'kie' })
    t.equal(submit.kind, 'busy')
    const seconds = submit.retryAfterSeconds as number
    t.ok(seconds >= least && seconds <= most, String(seconds))
  })
}

t.test('close() aborts the calls that are under way', async t => {
  const { url, requests } = await startServer(t, nothing)
  const suno = client(url)
  const calls = [failureOf(suno.submit('validate', {})), failureOf(suno.ask('validate', 'a'))]
  while (requests.length < 2) await new Promise(setImmediate)
  suno.close()
  const [submit, ask] = await Promise.all(calls)
  t.match(submit, { ...UNREACHABLE, maybeSubmitted: true, timedOut: false, message: /the client was closed$/ })
  t.match(ask, { ...UNREACHABLE, maybeSubmitted: false })
})

t.test('The API key is in no error, whatever the vendor answers', async t => {
  const echo: Handler = (request, response) => {
    answer(200, { code: 401, msg: `bad key ${request.headers.authorization}`, data: null })(request, response)
  }
  const errors = [
    ...Object.values(await failures(t, echo)),
    ...Object.values(await failures(t, answer(500, { error: `${KEY} ${KEY}` }))),
    ...Object.values(await failures(t, nothing, { timeoutMs: 1000 })),
    await failureOf(client(`http://127.0.0.1:${await freePort()}`).submit('validate', {})),
    ...[`${KEY}\n`, `${KEY}\u00e9`].map((apiKey) => t.throws(() => client('http://a', { apiKey }), RangeError))
  ]
  const said = errors.map((error) => inspect(error, { showHidden: true, depth: 9 }) + JSON.stringify(error)).join('\n')
  t.match(said, 'bad key Bearer [API key]')
  t.notMatch(said, KEY)
})

for (const apiKey of ['', 'a b', 'a\nb', 'é']) {
  t.test(`createSunoClient() refuses the API key ${JSON.stringify(apiKey)} without showing it`, async t => {
    const message = 'Cannot call Suno: its API key is empty or of another form, expected printable ASCII'
    t.throws(() => client('https://a', { apiKey }), new RangeError(message))
  })
}

for (const apiUrl of [
  '', 'api.sunoapi.org', 'ftp://a', 'https://user:pass@a', 'https://user@a', 'https://a?x=1', 'https://a#x'
]) {
  t.test(`createSunoClient() refuses the API URL ${JSON.stringify(apiUrl)}`, async t => {
    t.throws(() => client(apiUrl), { name: 'RangeError', message: /^Cannot call Suno: its API URL/ })
  })
}

for (const [apiUrl, vendor] of [
  ['https://api.sunoapi.org', 'sunoapi'],
  ['https://api.kie.ai', 'kie'],
  ['https://API.KIE.AI/', 'kie'],
  ['https://kie.ai', 'kie'],
  ['https://gateway.example/api.kie.ai', 'kie'],
  ['http://127.0.0.1:3100/api.kie.ai/', 'kie'],
  ['http://127.0.0.1:3100', 'sunoapi'],
  ['https://notkie.ai', 'sunoapi'],
  ['https://kie.ai.example', 'sunoapi']
] as const) {
  t.test(`createSunoClient() takes ${apiUrl} for ${vendor}`, async t => {
    t.equal(client(apiUrl).vendor, vendor)
  })
}

t.test('createSunoClient() keeps the path of the API URL', async t => {
  const { url, seen } = await startVendor(t)
  for (const path of ['/prefix', '/prefix//']) {
    await client(url + path).submit('validate', {})
    t.equal(seen.request?.url, '/prefix/api/v1/voice/validate')
  }
})

t.test('A client is not the vendor that its URL names when it is given another one', async t => {
  t.equal(client('https://api.kie.ai', { vendor: 'sunoapi' }).vendor, 'sunoapi')
})
