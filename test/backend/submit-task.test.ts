import t from 'tap'
import { submitTask, SubmitError } from '../../src/backend/index.ts'
import { startAsking, startSandbox, VALIDATE } from '../support/asking.ts'
import { answer, startServer, type Handler } from '../support/server.ts'

const BODY = { ...VALIDATE, step: 'validate' } as const

const TOKEN = 'an-api-token-of-32-characters-or-more'

t.test('submitTask() submits, and returns the URL of the stream', async t => {
  const sandbox = await startSandbox(t)
  const { url } = await startAsking(t, sandbox.url, { API_TOKENS: [TOKEN] })
  const task = await submitTask(`${url}/`, TOKEN, BODY)
  t.match(task, { step: 'validate', ticket: null, expiresAt: null })
  t.ok(task.events.startsWith(`${url}/events/${task.taskId}?lastEventId=`))
})

t.test('submitTask() is safe to repeat with a key', async t => {
  const sandbox = await startSandbox(t)
  const { url } = await startAsking(t, sandbox.url)
  const first = await submitTask(url, '', BODY, { idempotencyKey: 'key' })
  t.strictSame(await submitTask(url, '', BODY, { idempotencyKey: 'key' }), first)
  t.equal(sandbox.requests.length, 1)
})

t.test('submitTask() throws what the relay answers', async t => {
  const sandbox = await startSandbox(t, { rateLimit: 0 })
  const { url } = await startAsking(t, sandbox.url)
  const error = await submitTask(url, '', BODY).catch((error: unknown) => error)
  t.ok(error instanceof SubmitError)
  t.match(error, { name: 'SubmitError', status: 429, code: 'SUNO_BUSY', sunoCode: 430, retryAfterSeconds: 10 })
  t.match(error, { message: /^Cannot submit to Suno: too many requests/ })
})

t.test('submitTask() throws an answer that is not the relay\'s', async t => {
  const nothing: Handler = (_request, response) => response.writeHead(502).end('null')
  for (const handler of [answer(502), nothing]) {
    const { url } = await startServer(t, handler)
    const message = 'Cannot submit the task: the relay answers with HTTP 502'
    const facts = { name: 'SubmitError', message, status: 502, code: '', sunoCode: null, retryAfterSeconds: null }
    await t.rejects(submitTask(url, TOKEN, BODY), facts)
  }
})

t.test('submitTask() can be aborted, and takes another fetch', async t => {
  const signal = AbortSignal.abort(new Error('stopped'))
  await t.rejects(submitTask('http://127.0.0.1:1', '', BODY, { signal }), { message: 'stopped' })
  const fetch = async () => Response.json({ taskId: 'a' })
  t.match(await submitTask('http://127.0.0.1:1', '', BODY, { fetch }), { taskId: 'a' })
})
