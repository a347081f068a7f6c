import { join } from 'node:path'
import t from 'tap'
import { phraseFailed, phraseReady, post } from '../../support/callbacks.ts'
import { startRelay, temporaryFolder } from '../../support/relay.ts'
import { kieHeaders, nowSeconds, standardHeaders } from '../../support/signing.ts'

const TOKEN = 'a-token-of-32-random-characters-'
const KEY = 'a key of kie.ai'
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const STRANGER = { CALLBACK_TOKENS: [TOKEN], WEBHOOK_HMAC_KEYS: [KEY, SECRET] }

t.test('callback: one of several tokens suffices', async t => {
  const { url } = await startRelay(t, { CALLBACK_TOKENS: ['the-old-token-of-suno', 'the-new-token-of-suno'] })
  for (const token of ['the-old-token-of-suno', 'the-new-token-of-suno']) {
    t.match(await post(url, phraseReady(token), { query: `?token=${token}` }), {
      status: 200,
      json: { taskId: token, duplicate: false }
    })
  }
})

t.test('callback: a URL-encoded token is accepted on every path', async t => {
  const { url } = await startRelay(t, { CALLBACK_TOKENS: ['ä token &+/= of Suno'] })
  const query = `?token=${encodeURIComponent('ä token &+/= of Suno')}`
  for (const step of ['validate', 'regenerate', 'generate'] as const) {
    t.equal((await post(url, phraseReady(step), { step, query })).status, 200)
  }
})

t.test('callback: a kie.ai signature suffices', async t => {
  const { url } = await startRelay(t, STRANGER)
  t.match(await post(url, phraseReady('a'), { headers: kieHeaders(KEY, 'a') }), { status: 200, json: { taskId: 'a' } })
})

t.test('callback: a signature of Standard Webhooks suffices', async t => {
  const { url } = await startRelay(t, STRANGER)
  const body = JSON.stringify(phraseReady('a'))
  t.match(await post(url, body, { headers: standardHeaders(SECRET, 'one', body) }), {
    status: 200,
    json: { taskId: 'a' }
  })
})

t.test('callback: a signature of Standard Webhooks covers the bytes, spaces included', async t => {
  const { url } = await startRelay(t, STRANGER)
  const body = JSON.stringify(phraseReady('a'))
  t.equal((await post(url, ` ${body}`, { headers: standardHeaders(SECRET, 'one', ` ${body}`) })).status, 200)
  t.equal((await post(url, `  ${body}`, { headers: standardHeaders(SECRET, 'two', ` ${body}`) })).status, 401)
})

const UNAUTHENTIC = {
  type: 'about:blank',
  title: 'Unauthorized',
  status: 401,
  code: 'CALLBACK_UNAUTHENTIC',
  detail: 'Cannot accept the callback: it has no valid token or signature'
}

const body = JSON.stringify(phraseReady('a'))
const REFUSED: Array<[string, { query?: string, headers?: Record<string, string>, body?: string }]> = [
  ['without any proof', {}],
  ['with an empty token', { query: '?token=' }],
  ['with another token', { query: '?token=other' }],
  ['with the beginning of a token', { query: `?token=${TOKEN.slice(0, -1)}` }],
  ['with two tokens', { query: `?token=${TOKEN}&token=${TOKEN}` }],
  ['with the token as a header', { headers: { authorization: `Bearer ${TOKEN}` } }],
  ['with the signature of another task', { headers: kieHeaders(KEY, 'b') }],
  ['with a signature that is too old', { headers: kieHeaders(KEY, 'a', nowSeconds() - 3600) }],
  ['with a signature of the future', { headers: kieHeaders(KEY, 'a', nowSeconds() + 3600) }],
  ['with the signature of another body', { headers: standardHeaders(SECRET, 'one', `${body} `) }],
  ['with a body that is not JSON', { body: '{' }],
  ['with no body', { body: '' }]
]
for (const [what, { body: text = body, ...options }] of REFUSED) {
  t.test(`callback: ${what} it is refused, and the answer gives no reason`, async t => {
    const { url } = await startRelay(t, STRANGER)
    const { status, json } = await post(url, text, options)
    t.strictSame({ status, json }, { status: 401, json: UNAUTHENTIC })
    t.equal((await fetch(`${url}/tasks/a`)).status, 404)
  })
}

t.test('callback: a request without a body needs proof too', async t => {
  const { url } = await startRelay(t, STRANGER)
  t.equal((await fetch(`${url}/callback`, { method: 'POST' })).status, 401)
  t.equal((await fetch(`${url}/callback?token=${TOKEN}`, { method: 'POST' })).status, 400)
})

t.test('callback: without tokens and keys, every callback is accepted', async t => {
  const { url } = await startRelay(t)
  const proof = { query: '?token=any', headers: kieHeaders('any', 'a') }
  t.equal((await post(url, phraseReady('a'), proof)).status, 200)
})

t.test('callback: a proven sender learns that its body is not JSON', async t => {
  const { url } = await startRelay(t, STRANGER)
  t.match(await post(url, '{', { query: `?token=${TOKEN}` }), { status: 400, json: { code: 'BODY_NOT_JSON' } })
})

t.test('callback: the signed task id overrides those of the body', async t => {
  const { url } = await startRelay(t, STRANGER)
  const forged = { ...phraseReady('victim'), task_id: 'mine' }
  t.match((await post(url, forged, { headers: kieHeaders(KEY, 'mine') })).json, { taskId: 'mine' })
  t.equal((await fetch(`${url}/tasks/victim`)).status, 404)
})

t.test('callback: a repeated kie.ai pair with the same body is a duplicate, later events notwithstanding', async t => {
  const { url } = await startRelay(t, { ...STRANGER, DEDUPE_WINDOW_MS: 0 })
  const headers = kieHeaders(KEY, 'a')
  const first = await post(url, phraseReady('a'), { headers })
  await post(url, phraseFailed('a'), { headers: kieHeaders(KEY, 'a', nowSeconds() - 60) })

  t.strictSame((await post(url, phraseReady('a'), { headers })).json, { ...first.json, duplicate: true })
})

t.test('callback: a used kie.ai pair is refused with another body, another step, or an unreadable body', async t => {
  const { url } = await startRelay(t, STRANGER)
  const headers = kieHeaders(KEY, 'a')
  await post(url, phraseReady('a'), { headers })

  t.match(await post(url, phraseReady('a', 'forged'), { headers }), { status: 401, json: UNAUTHENTIC })
  t.equal((await post(url, phraseReady('a'), { headers, step: 'generate' })).status, 401)
  t.equal((await post(url, { taskId: 'a' }, { headers })).status, 401)
  const { events } = await (await fetch(`${url}/tasks/a`)).json() as { events: unknown[] }
  t.equal(events.length, 1)
})

t.test('callback: of concurrent bodies with one kie.ai pair, exactly one is kept', async t => {
  const { url } = await startRelay(t, { ...STRANGER, STORE_URL: `sqlite:${join(temporaryFolder(t), 'relay.db')}` })
  const headers = kieHeaders(KEY, 'a')
  const bodies = Array.from({ length: 30 }, (_, n) => phraseReady('a', `phrase ${n}`))
  const replies = await Promise.all(bodies.map((body) => post(url, body, { headers })))

  t.strictSame(replies.map(({ status }) => status).sort(), [200, ...Array(29).fill(401)])
  t.match((await (await fetch(`${url}/tasks/a`)).json()), { events: { length: 1 } })
})

t.test('callback: a kie.ai pair is remembered over a restart', async t => {
  const config = { ...STRANGER, STORE_URL: `sqlite:${join(temporaryFolder(t), 'relay.db')}` }
  const headers = kieHeaders(KEY, 'a')
  const first = await startRelay(t, config)
  const { json } = await post(first.url, phraseReady('a'), { headers })
  await first.close()

  const second = await startRelay(t, config)
  t.equal((await post(second.url, phraseReady('a', 'forged'), { headers })).status, 401)
  t.strictSame((await post(second.url, phraseReady('a'), { headers })).json, { ...json, duplicate: true })
})

t.test('callback: with a token, another body with a used pair is kept, and the pair stays used', async t => {
  const { url } = await startRelay(t, STRANGER)
  const headers = kieHeaders(KEY, 'a')
  const query = `?token=${TOKEN}`
  await post(url, phraseReady('a'), { headers, query })

  t.equal((await post(url, phraseReady('a', 'forged'), { headers })).status, 401)
  t.match(await post(url, phraseFailed('a'), { headers, query }), { status: 200, json: { duplicate: false } })
})

t.test('callback: a repeated webhook-id is a duplicate of its first event, even with another body', async t => {
  const { url } = await startRelay(t, STRANGER)
  const send = (body: object, timestamp = nowSeconds(), query = '') => {
    const text = JSON.stringify(body)
    return post(url, text, { headers: standardHeaders(SECRET, 'one', text, timestamp), query })
  }
  const { json } = await send(phraseReady('a'))

  t.strictSame((await send(phraseReady('a'), nowSeconds() - 5)).json, { ...json, duplicate: true })
  t.strictSame((await send(phraseReady('b'))).json, { ...json, duplicate: true })
  t.strictSame((await send({ code: 'odd' }, nowSeconds(), `?token=${TOKEN}`)).json, { ...json, duplicate: true })
  t.equal((await fetch(`${url}/tasks/b`)).status, 404)
})

t.test('callback: failures over the limit of an address are 429, a proven sender is not', async t => {
  const { url } = await startRelay(t, { ...STRANGER, AUTH_FAILURES_PER_MINUTE: 2 })
  const statuses: number[] = []
  for (let n = 0; n < 4; n++) statuses.push((await post(url, phraseReady('a'))).status)
  t.strictSame(statuses, [401, 401, 429, 429])

  const { status, headers, json } = await post(url, phraseReady('a'), { query: '?token=guess' })
  t.strictSame([status, json.code, headers.get('retry-after')], [429, 'AUTH_FAILURES_EXCEEDED', '5'])
  t.equal((await post(url, phraseReady('a'), { query: `?token=${TOKEN}` })).status, 200)
  t.equal((await post(url, phraseReady('b'), { headers: kieHeaders(KEY, 'b') })).status, 200)
})

const from = (address: string): { headers: Record<string, string> } => ({ headers: { 'x-forwarded-for': address } })

t.test('callback: without TRUST_PROXY X-Forwarded-For does not change the counted address', async t => {
  const { url } = await startRelay(t, { ...STRANGER, AUTH_FAILURES_PER_MINUTE: 1 })
  const statuses = [await post(url, '{}', from('192.0.2.1')), await post(url, '{}', from('192.0.2.2'))]
  t.strictSame(statuses.map(({ status }) => status), [401, 429])
})

t.test('callback: behind a trusted proxy, each client address has its own count', async t => {
  const { url } = await startRelay(t, {
    ...STRANGER,
    AUTH_FAILURES_PER_MINUTE: 1,
    TRUST_PROXY: 'loopback, 198.51.100.0/24'
  })
  const statuses: number[] = []
  for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.2', '203.0.113.9, 192.0.2.1', '192.0.2.3, 198.51.100.7']) {
    statuses.push((await post(url, '{}', from(address))).status)
  }
  t.strictSame(statuses, [401, 401, 429, 429, 401])
})

t.test('callback: a port in X-Forwarded-For makes no new address, and hides no trusted proxy', async t => {
  const { url } = await startRelay(t, {
    ...STRANGER,
    AUTH_FAILURES_PER_MINUTE: 1,
    TRUST_PROXY: 'loopback, 198.51.100.0/24'
  })
  const statuses: number[] = []
  for (const address of [
    '192.0.2.1:1', '192.0.2.1:2', '[2001:db8::1]:1', '[2001:db8::1]:2', '192.0.2.1, 198.51.100.7:9'
  ]) {
    statuses.push((await post(url, '{}', from(address))).status)
  }
  t.strictSame(statuses, [401, 429, 401, 429, 429])
})

t.test('callback: TRUST_PROXY may be the number of proxies', async t => {
  const { url } = await startRelay(t, { ...STRANGER, AUTH_FAILURES_PER_MINUTE: 1, TRUST_PROXY: '2' })
  const statuses: number[] = []
  for (const address of ['192.0.2.1, 10.0.0.1', '192.0.2.2, 10.0.0.1', '192.0.2.9, 192.0.2.1, 10.0.0.1', '192.0.2.1']) {
    statuses.push((await post(url, '{}', from(address))).status)
  }
  t.strictSame(statuses, [401, 401, 429, 429])
})

t.test('callback: the addresses of one IPv6 network share a count', async t => {
  const { url } = await startRelay(t, { ...STRANGER, AUTH_FAILURES_PER_MINUTE: 1, TRUST_PROXY: 'loopback' })
  const statuses: number[] = []
  for (const address of ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1']) {
    statuses.push((await post(url, '{}', from(address))).status)
  }
  t.strictSame(statuses, [401, 429, 401])
})
