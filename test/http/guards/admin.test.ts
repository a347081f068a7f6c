import t from 'tap'
import { startRelay, type TestRelay } from '../../support/relay.ts'

const TOKEN = 't'.repeat(32)
const OPEN = { ADMIN_TOKEN: TOKEN, CALLBACK_TOKENS: ['a-token-of-the-sender'] }

interface Request {
  readonly url?: string
  readonly headers?: Record<string, string>
  readonly remoteAddress?: string
}

async function ask (app: TestRelay['app'], request: Request = {}) {
  const { url = '/admin/api/status', headers = {}, remoteAddress = '127.0.0.1' } = request
  const { statusCode, json } = await app.inject({ url, headers: { host: 'localhost:3000', ...headers }, remoteAddress })
  return statusCode === 200 ? 200 : json().code
}

t.test('admin: without a token, requests of this machine under a loopback name are accepted', async t => {
  const { app } = await startRelay(t)
  t.equal(await ask(app), 200)
  t.equal(await ask(app, { headers: { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:3000' } }), 200)
  t.equal(await ask(app, { headers: { 'sec-fetch-site': 'none' } }), 200)
})

t.test('admin: without a token, others are refused', async t => {
  const { app } = await startRelay(t, { CALLBACK_TOKENS: ['a-token-of-the-sender'], CORS_ORIGINS: ['*'] })
  const others: Request[] = [
    { remoteAddress: '10.0.0.1' },
    { headers: { host: 'relay.example' } },
    { headers: { 'x-forwarded-for': '127.0.0.1' } },
    { headers: { via: '1.1 proxy' } },
    { headers: { origin: 'https://evil.example' } },
    { headers: { 'sec-fetch-site': 'cross-site' } },
    { headers: { 'sec-fetch-site': 'same-site' } }
  ]
  for (const request of others) t.equal(await ask(app, request), 'ADMIN_TOKEN_INVALID', JSON.stringify(request))
  for (const request of others.slice(0, 4)) {
    const page = { ...request, url: '/admin' }
    t.equal(await ask(app, page), 'ADMIN_TOKEN_INVALID', JSON.stringify(page))
  }
})

t.test('admin: without a token, nobody is accepted if a proxy passes requests on', async t => {
  for (const proxy of [{ TRUST_PROXY: 'loopback' }, { PUBLIC_URL: 'https://relay.example' }]) {
    const { app } = await startRelay(t, { CALLBACK_TOKENS: ['a-token-of-the-sender'], ...proxy })
    t.equal(await ask(app), 'ADMIN_TOKEN_INVALID')
    t.equal(await ask(app, { url: '/admin' }), 'ADMIN_TOKEN_INVALID')
  }
  const { app } = await startRelay(t, { PUBLIC_URL: 'http://localhost:3000' })
  t.equal(await ask(app), 200)
})

t.test('admin: with a token, it is needed and enough', async t => {
  const { app } = await startRelay(t, OPEN)
  const authorization = `Bearer ${TOKEN}`
  const wrong = [{}, { authorization: TOKEN }, { authorization: `Bearer ${TOKEN}x` }, { cookie: `token=${TOKEN}` }]
  for (const headers of wrong) t.equal(await ask(app, { headers }), 'ADMIN_TOKEN_INVALID')
  t.equal(await ask(app, { headers: { authorization }, remoteAddress: '10.0.0.1' }), 200)
  t.equal(await ask(app, { headers: { authorization, origin: 'https://evil.example' } }), 'ADMIN_TOKEN_INVALID')
  t.equal(await ask(app, { url: '/admin', remoteAddress: '10.0.0.1' }), 200, 'the page itself asks for the token')
})

t.test('admin: failures count with those of callbacks, and never stop the right token', async t => {
  const { app } = await startRelay(t, { ...OPEN, AUTH_FAILURES_PER_MINUTE: 2 })
  await app.inject({ method: 'POST', url: '/callback', payload: {} })
  t.equal(await ask(app), 'ADMIN_TOKEN_INVALID')
  t.equal(await ask(app), 'AUTH_FAILURES_EXCEEDED')
  const { statusCode } = await app.inject({ method: 'POST', url: '/callback', payload: {} })
  t.equal(statusCode, 429)
  t.equal(await ask(app, { headers: { authorization: `Bearer ${TOKEN}` } }), 200)
})

t.test('admin: an answer is for no page of another origin, whatever CORS_ORIGINS allows', async t => {
  const { app } = await startRelay(t, { ...OPEN, CORS_ORIGINS: ['*'] })
  const headers = { host: 'localhost:3000', authorization: `Bearer ${TOKEN}` }
  const { headers: answer } = await app.inject({ url: '/admin/api/status', headers })
  t.equal(answer['access-control-allow-origin'], undefined)
  t.equal(answer['cache-control'], 'no-store')
  t.equal(answer['cross-origin-resource-policy'], 'same-origin')
})
