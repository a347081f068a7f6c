import t, { type Test } from 'tap'
import type { Step } from '../../../schemas/callback.ts'
import { numbers } from '../../../src/conformance/drafts.ts'
import { memoryStore } from '../../../src/store/memory/store.ts'
import { phraseFailed, phraseReady, post, voiceReady, type Reply } from '../../support/callbacks.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { startRelay, type TestRelay } from '../../support/relay.ts'
import { callbackBytes, sendRaw, statuses } from '../../support/raw.ts'
import { kieHeaders } from '../../support/signing.ts'
import { dial } from '../../support/socket.ts'
import { failingStore } from '../../support/stores.ts'

const TOKEN = 'a-token-of-32-random-characters-'

/** A relay whose store counts the events that were appended. */
async function start (t: Test) {
  const store = memoryStore()
  let appended = 0
  const { url } = await mountRelay(t, {
    ...store,
    append (...args) {
      appended++
      return store.append(...args)
    }
  })
  return { url, appended: () => appended }
}

async function eventsOf ({ hub }: TestRelay, taskId: string): Promise<string[]> {
  return (await hub.history(taskId, undefined)).events.map(({ event }) => event)
}

function isProblem (t: Test, { status, headers, json }: Reply, wantedStatus: number, code: string): void {
  t.equal(status, wantedStatus)
  t.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8')
  t.match(json, { type: 'about:blank', title: String, status: wantedStatus, code, detail: /^Cannot / })
}

const DOCUMENTED: Array<[Step, object, string]> = [
  ['validate', phraseReady('a'), 'phrase-ready'],
  ['regenerate', phraseReady('a'), 'phrase-ready'],
  ['regenerate', phraseFailed('a'), 'phrase-failed'],
  ['generate', voiceReady('a'), 'voice-ready']
]

for (const [step, body, event] of DOCUMENTED) {
  t.test(`POST /callback/${step} keeps the documented body as ${event}`, async t => {
    const relay = await startRelay(t)
    const { status, json } = await post(relay.url, body, { step })
    t.equal(status, 200)
    t.strictSame(json, { received: true, taskId: 'a', eventId: json.eventId, duplicate: false })
    t.match(json.eventId, /^[0-9a-f]{8}-[0-9a-f]{8}\.1$/)
    t.strictSame(await eventsOf(relay, 'a'), [event])
  })
}

t.test('POST /callback is the step regenerate', async t => {
  const { url, hub } = await startRelay(t)
  await post(url, phraseReady('a'))
  const { events: [event] } = await hub.history('a', undefined)
  t.match(JSON.parse(event?.data ?? ''), { step: 'regenerate' })
})

t.test('POST /callback answers the same delivery again with the first event id', async t => {
  const relay = await startRelay(t)
  const first = await post(relay.url, phraseReady('a'))
  const again = await post(relay.url, phraseReady('a'))
  t.equal(again.status, 200)
  t.strictSame(again.json, { ...first.json, duplicate: true })
  t.strictSame(await eventsOf(relay, 'a'), ['phrase-ready'])
})

t.test('POST /callback keeps one of twenty equal deliveries that come at once', async t => {
  const relay = await startRelay(t)
  const replies = await Promise.all(numbers(20).map(() => post(relay.url, phraseReady('a'))))
  t.equal(replies.filter(({ json }) => json.duplicate === false).length, 1)
  t.equal(new Set(replies.map(({ json }) => json.eventId)).size, 1)
})

t.test('POST /callback keeps equal bodies of two steps as two events', async t => {
  const relay = await startRelay(t)
  for (const step of ['validate', 'regenerate'] as const) await post(relay.url, phraseReady('a'), { step })
  t.strictSame(await eventsOf(relay, 'a'), ['phrase-ready', 'phrase-ready'])
})

t.test('POST /callback reads a body that begins with a byte order mark', async t => {
  const { url } = await startRelay(t)
  t.equal((await post(url, '\uFEFF' + JSON.stringify(phraseReady('a')))).status, 200)
})

t.test('POST /callback reads a content type with a charset', async t => {
  const { url } = await startRelay(t)
  const headers = { 'content-type': 'application/json; charset=utf-8' }
  t.equal((await post(url, phraseReady('a'), { headers })).status, 200)
})

const deep = `{"code":200,"taskId":"a","data":{"x":${'['.repeat(30_000)}${']'.repeat(30_000)}}}`

const REFUSED: Array<[string, unknown, Record<string, string>, number, string]> = [
  ['text that is not JSON', '{"code":200', {}, 400, 'BODY_NOT_JSON'],
  ['an empty body', '', {}, 400, 'BODY_NOT_JSON'],
  ['no task id', { code: 200, data: {} }, {}, 400, 'CALLBACK_UNREADABLE'],
  ['a task id outside its alphabet', phraseReady('a/b'), {}, 400, 'CALLBACK_UNREADABLE'],
  ['a field of a wrong type', { code: 'ok', taskId: 'a' }, {}, 400, 'CALLBACK_UNREADABLE'],
  ['JSON that is no object', '[]', {}, 400, 'CALLBACK_UNREADABLE'],
  ['JSON that is nested very deep', deep, {}, 400, 'CALLBACK_UNREADABLE'],
  ['a body that is too large', phraseReady('a', 'x'.repeat(65_536)), {}, 413, 'BODY_TOO_LARGE'],
  ['text/plain', phraseReady('a'), { 'content-type': 'text/plain' }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
  ['a form', 'code=200', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'MEDIA_TYPE_UNSUPPORTED']
]

for (const [what, body, headers, status, code] of REFUSED) {
  t.test(`POST /callback refuses ${what} and writes nothing`, async t => {
    const { url, appended } = await start(t)
    for (const step of [undefined, 'generate'] as const) {
      isProblem(t, await post(url, body, step ? { step, headers } : { headers }), status, code)
    }
    t.equal(appended(), 0)
  })
}

async function postBytes (url: string, body: Uint8Array<ArrayBuffer>, type: string): Promise<Reply> {
  const response = await fetch(`${url}/callback`, { method: 'POST', body, headers: { 'content-type': type } })
  return { status: response.status, headers: response.headers, json: await response.json() }
}

t.test('POST /callback refuses bytes that are not UTF-8', async t => {
  const { url, appended } = await start(t)
  const reply = await postBytes(url, new Uint8Array([0x22, 0xff, 0x22]), 'application/json')
  isProblem(t, reply, 400, 'BODY_NOT_JSON')
  t.equal(appended(), 0)
})

t.test('POST /callback refuses a body without a content type', async t => {
  const { url, appended } = await start(t)
  isProblem(t, await postBytes(url, new TextEncoder().encode('{}'), ''), 415, 'MEDIA_TYPE_UNSUPPORTED')
  t.equal(appended(), 0)
})

t.test('POST /callback refuses a request without a body', async t => {
  const { url, appended } = await start(t)
  const { until } = await dial(t, url, ['POST /callback HTTP/1.1', 'Content-Length: 0'])
  t.match(await until('}'), /^HTTP\/1\.1 400 .*"code":"BODY_NOT_JSON"/s)
  t.equal(appended(), 0)
})

t.test('POST /callback refuses a chunked body over the limit', async t => {
  const { url, appended } = await start(t)
  const head = ['POST /callback HTTP/1.1', 'Content-Type: application/json', 'Transfer-Encoding: chunked']
  const { socket, until } = await dial(t, url, head)
  socket.write(`11170\r\n${'x'.repeat(0x11170)}\r\n`)
  t.match(await until('}'), /^HTTP\/1\.1 413 .*"code":"BODY_TOO_LARGE"/s)
  t.equal(appended(), 0)
})

t.test('POST /callback takes a body of exactly the limit', async t => {
  const { url } = await startRelay(t, { BODY_LIMIT_BYTES: 1024 })
  const rest = 1024 - JSON.stringify(phraseReady('a', '')).length
  t.equal((await post(url, phraseReady('a', 'x'.repeat(rest)))).status, 200)
  t.equal((await post(url, phraseReady('a', 'x'.repeat(rest + 1)))).status, 413)
})

const TYPES = [
  'text/json', 'application/vnd.suno+json', 'text/plain', 'text/plain;charset=UTF-8', 'application/octet-stream',
  'application/x-www-form-urlencoded', 'application/json; charset="utf8"', 'application/json;charset=utf_8',
  'application/json; charset=latin1', 'application/json;;', 'json', '*', ''
]

for (const type of TYPES) {
  t.test(`POST /callback of a proven sender reads JSON with the media type ${JSON.stringify(type)}`, async t => {
    const { url } = await startRelay(t, { CALLBACK_TOKENS: [TOKEN] })
    const bytes = callbackBytes(JSON.stringify(phraseReady('a')), { 'content-type': type })
    const request = bytes.toString().replace('/callback', `/callback?token=${TOKEN}`)
    t.strictSame(statuses(await sendRaw(t, url, request)), [200])
    t.strictSame(statuses(await sendRaw(t, url, bytes)), [401])
  })
}

t.test('POST /callback of a proven sender reads JSON without a media type', async t => {
  const { url } = await startRelay(t, { CALLBACK_TOKENS: [TOKEN] })
  const body = JSON.stringify(phraseReady('a'))
  const head = `POST /callback?token=${TOKEN} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n`
  t.strictSame(statuses(await sendRaw(t, url, `${head}content-length: ${body.length}\r\n\r\n${body}`)), [200])
})

t.test('POST /callback of a proven sender refuses a compressed body', async t => {
  const { url } = await startRelay(t, { CALLBACK_TOKENS: [TOKEN] })
  const reply = await post(url, '{}', { query: `?token=${TOKEN}`, headers: { 'content-encoding': 'gzip' } })
  isProblem(t, reply, 415, 'MEDIA_TYPE_UNSUPPORTED')
})

for (const type of ['text/json', 'application/vnd.suno+json; charset=utf-8', 'application/json;charset="UTF8"']) {
  t.test(`POST /callback of an open relay reads ${type}, which a page cannot post unasked`, async t => {
    const { url } = await startRelay(t)
    t.equal((await post(url, phraseReady('a'), { headers: { 'content-type': type } })).status, 200)
  })
}

t.test('POST /callback parses no body of an unauthenticated sender', async t => {
  const { app } = await startRelay(t, { CALLBACK_TOKENS: [TOKEN], WEBHOOK_HMAC_KEYS: ['a key'] })
  const parse = t.capture(JSON, 'parse', JSON.parse)
  const forged = { ...kieHeaders('another key', 'a'), 'content-type': 'application/json' }
  for (const headers of [{ 'content-type': 'application/json' }, forged]) {
    const { statusCode } = await app.inject({ method: 'POST', url: '/callback', headers, payload: '{"taskId":"a"}' })
    t.equal(statusCode, 401)
  }
  t.strictSame(parse().filter(({ args }) => String(args[0]).includes('taskId')), [])
})

t.test('POST /callback refuses an unauthenticated sender without waiting for its body', async t => {
  const { url } = await startRelay(t, { CALLBACK_TOKENS: [TOKEN] })
  const { until } = await dial(t, url, ['POST /callback HTTP/1.1', 'Content-Length: 60000'])
  t.match(await until('}'), /^HTTP\/1\.1 401 /)
})

t.test('POST /callback/:step refuses an unknown step', async t => {
  const { url, appended } = await start(t)
  isProblem(t, await post(url, phraseReady('a'), { step: 'check' as Step }), 400, 'REQUEST_INVALID')
  t.equal(appended(), 0)
})

t.test('POST /callback answers 503 with Retry-After if the event cannot be kept', async t => {
  const store = failingStore()
  const { url } = await mountRelay(t, store)
  store.isFailing = true
  const reply = await post(url, phraseReady('a'))
  isProblem(t, reply, 503, 'STORE_UNAVAILABLE')
  t.equal(reply.headers.get('retry-after'), '5')

  store.isFailing = false
  t.equal((await post(url, phraseReady('a'))).status, 200, 'and keeps the next one once the store is back')
})
