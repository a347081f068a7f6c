import t from 'tap'
import { sendRaw, statuses } from '../../support/raw.ts'
import { startRelay, type TestRelay } from '../../support/relay.ts'

const TOKEN = 't'.repeat(32)

async function statusOf (app: TestRelay['app'], headers: Record<string, string>, remoteAddress = '127.0.0.1') {
  const all = { host: 'localhost:3000', ...headers }
  const { statusCode } = await app.inject({ method: 'DELETE', url: '/tasks/a', headers: all, remoteAddress })
  return statusCode
}

t.test('without API_TOKENS, requests of this machine to a loopback name are accepted', async t => {
  const { app } = await startRelay(t)
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) t.equal(await statusOf(app, {}, address), 200)
  t.equal(await statusOf(app, { origin: 'http://localhost:3000' }), 200)
})

t.test('without API_TOKENS, requests of others, through a proxy or by a page are refused', async t => {
  const { app } = await startRelay(t, { TRUST_PROXY: '1', PUBLIC_URL: 'https://relay.example' })
  t.equal(await statusOf(app, {}, '10.0.0.1'), 401)
  for (const name of ['x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via', 'forwarded']) {
    t.equal(await statusOf(app, { [name]: 'localhost' }), 401, name)
  }
  t.equal(await statusOf(app, { host: 'relay.example' }), 401)
  t.equal(await statusOf(app, { origin: 'https://evil.example' }), 401)
})

t.test('without API_TOKENS, a request without a name is refused', async t => {
  const { url } = await startRelay(t, { CALLBACK_TOKENS: [TOKEN] })
  t.strictSame(statuses(await sendRaw(t, url, 'DELETE /tasks/a HTTP/1.0\r\n\r\n')), [401])
})

t.test('with API_TOKENS, one of them is needed and enough', async t => {
  const { app } = await startRelay(t, { API_TOKENS: [TOKEN] })
  t.equal(await statusOf(app, {}), 401)
  t.equal(await statusOf(app, { authorization: `Bearer ${TOKEN}` }, '10.0.0.1'), 200)
})

t.test('an open relay takes no callback from a page of another origin, whatever CORS_ORIGINS allows', async t => {
  const { app } = await startRelay(t, { CORS_ORIGINS: ['*'] })
  const body = { code: 200, msg: 'success', data: { taskId: 'a', status: 'generating' } }
  const send = async (origin: string) => {
    const headers = { host: 'localhost:3000', origin }
    return (await app.inject({ method: 'POST', url: '/callback', headers, payload: body })).statusCode
  }
  t.equal(await send('https://evil.example'), 401)
  t.equal(await send('null'), 401)
  t.equal(await send('http://localhost:3000'), 200)
})
