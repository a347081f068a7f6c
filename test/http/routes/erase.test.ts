import t from 'tap'
import { phraseReady, post } from '../../support/callbacks.ts'
import { startRelay } from '../../support/relay.ts'
import { watch } from '../../support/sse.ts'

const TOKEN = 'a'.repeat(32)
const CALLBACK_TOKEN = 'callback-token-1'

function erase (url: string, taskId: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/tasks/${taskId}`, { method: 'DELETE', headers })
}

t.test('DELETE /tasks/:taskId erases events and held callbacks, and ends the streams of the task', async t => {
  const { url } = await startRelay(t, { API_TOKENS: [TOKEN], CALLBACK_TOKENS: [CALLBACK_TOKEN] })
  const callbacks = `${url}/callback?token=${CALLBACK_TOKEN}`
  const headers = { 'content-type': 'application/json' }
  const send = (body: unknown) => fetch(callbacks, { method: 'POST', headers, body: JSON.stringify(body) })
  await send(phraseReady('a', 'Read me'))
  await send({ code: 'odd', data: { taskId: 'a' } })
  await send(phraseReady('b', 'Read me'))
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()

  const answer = await erase(url, 'a', { authorization: `Bearer ${TOKEN}` })
  t.equal(answer.status, 200)
  t.equal(answer.headers.get('cache-control'), 'no-store')
  t.strictSame(await answer.json(), { taskId: 'a', events: 1, callbacks: 1 })
  t.equal((await stream.next()).event, 'phrase-ready')
  t.match(await stream.next(), { event: 'closing', data: { reason: 'erased' } })

  t.equal((await fetch(`${url}/tasks/a`)).status, 404)
  t.equal((await fetch(`${url}/tasks/b`)).status, 200)
  t.match((await (await send(phraseReady('a', 'Read me again'))).json()).eventId, /\.2$/)
})

t.test('DELETE /tasks/:taskId is idempotent', async t => {
  const { url } = await startRelay(t)
  const answers = [await erase(url, 'a'), await erase(url, 'a')]
  for (const answer of answers) t.strictSame(await answer.json(), { taskId: 'a', events: 0, callbacks: 0 })
})

t.test('DELETE /tasks/:taskId is refused without an API token, and to pages of other origins', async t => {
  const { url } = await startRelay(t, { API_TOKENS: [TOKEN] })
  const open = await startRelay(t)
  await post(url, phraseReady('a', 'Read me'))
  for (const answer of [
    await erase(url, 'a'), await erase(url, 'a', { authorization: `Bearer ${'b'.repeat(32)}` }),
    await erase(open.url, 'a', { origin: 'https://evil.example' })
  ]) {
    t.equal(answer.status, 401)
    t.match(await answer.json(), { code: 'API_TOKEN_INVALID' })
  }
  t.equal((await fetch(`${url}/tasks/a`)).status, 200)
})
