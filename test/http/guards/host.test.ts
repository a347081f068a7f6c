import t, { type Test } from 'tap'
import { memoryStore } from '../../../src/store/memory/store.ts'
import type { Config } from '../../../schemas/config.ts'
import { phraseReady } from '../../support/callbacks.ts'
import { sendRaw, statuses } from '../../support/raw.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { startRelay } from '../../support/relay.ts'

async function statusOf (t: Test, headers: Record<string, string>, config: Partial<Config> = {}): Promise<number> {
  const { app } = await startRelay(t, config)
  return (await app.inject({ url: '/metrics', headers })).statusCode
}

for (const host of [
  'localhost', 'localhost:3000', 'LocalHost', 'localhost.', '127.0.0.1:3000', '127.8.8.8', '[::1]', '[::1]:3000'
]) {
  t.test(`an open relay serves the loopback name ${host}`, async t => {
    t.equal(await statusOf(t, { host }), 200)
  })
}

for (const host of [
  'relay.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  '10.0.0.1',
  '[fe80::1]',
  '[::1',
  'x:localhost'
]) {
  t.test(`an open relay does not serve the name ${JSON.stringify(host)}`, async t => {
    t.equal(await statusOf(t, { host }), 421)
  })
}

t.test('an open relay does not serve a request without a name', async t => {
  const { url } = await startRelay(t)
  t.strictSame(statuses(await sendRaw(t, url, 'GET /metrics HTTP/1.0\r\n\r\n')), [421])
  t.strictSame(statuses(await sendRaw(t, url, 'GET /metrics HTTP/1.0\r\nhost:\r\n\r\n')), [421])
})

t.test('an open relay refuses callbacks, streams and the page under another name, with the cure', async t => {
  const { app } = await startRelay(t)
  for (const [method, url] of [
    ['POST', '/callback'], ['GET', '/events/a'], ['GET', '/tasks/a'], ['GET', '/'], ['GET', '/metrics']
  ] as const) {
    const body = method === 'POST' ? { payload: phraseReady('a') } : {}
    const response = await app.inject({ method, url, headers: { host: 'evil.example' }, ...body })
    t.equal(response.statusCode, 421, url)
    t.match(response.json(), { code: 'HOST_UNKNOWN', detail: /CALLBACK_TOKENS, WEBHOOK_HMAC_KEYS or PUBLIC_URL/ })
  }
})

t.test('an open relay answers probes under any name, which may be the address of a pod', async t => {
  const { app } = await startRelay(t)
  for (const url of ['/healthz', '/readyz', '/healthz?verbose']) {
    t.equal((await app.inject({ url, headers: { host: '10.0.0.1:3000' } })).statusCode, 200, url)
  }
  for (const url of ['/events/healthz', '/tasks/readyz']) {
    t.equal((await app.inject({ url, headers: { host: '10.0.0.1:3000' } })).statusCode, 421, url)
  }
})

t.test('an open relay serves the host of PUBLIC_URL, on any port', async t => {
  const config = { PUBLIC_URL: 'https://Relay.example/voice' }
  for (const host of ['relay.example', 'relay.example:8443', 'RELAY.example']) {
    t.equal(await statusOf(t, { host }, config), 200)
  }
  t.equal(await statusOf(t, { host: 'other.example' }, config), 421)
})

t.test('a relay whose callbacks need proof serves every name', async t => {
  for (const config of [{ CALLBACK_TOKENS: ['a-token-of-the-sender'] }, { WEBHOOK_HMAC_KEYS: ['key'] }]) {
    t.equal(await statusOf(t, { host: 'relay.example' }, config), 200)
  }
})

t.test('behind a trusted proxy, both the forwarded name and the Host count', async t => {
  const config = { TRUST_PROXY: 'loopback' }
  const forwarded = (name: string) => ({ host: 'localhost', 'x-forwarded-host': name })
  t.equal(await statusOf(t, forwarded('localhost'), config), 200)
  t.equal(await statusOf(t, forwarded('relay.example'), config), 421)
  t.equal(await statusOf(t, { host: 'evil.example', 'x-forwarded-host': 'localhost' }, config), 421)
})

t.test('a relay in another app checks the host of its own routes only', async t => {
  const { app } = await mountRelay(t, memoryStore(), { prefix: '/relay' })
  const headers = { host: 'app.example' }
  t.equal((await app.inject({ url: '/relay/metrics', headers })).statusCode, 421)
  t.equal((await app.inject({ url: '/relay/readyz', headers })).statusCode, 200)
  t.equal((await app.inject({ url: '/other', headers })).statusCode, 404)
})
