import t, { type Test } from 'tap'
import type { Config } from '../../schemas/config.ts'
import { RelayError, STATUS } from '../../src/errors.ts'
import { memoryStore } from '../../src/index.ts'
import { signTicket } from '../../src/ticket.ts'
import { startAsking, startSandbox, startWithVendor, VALIDATE } from '../support/asking.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { conforms, fetchRaw, OPERATIONS, toResponse } from '../support/description.ts'
import { startRelay } from '../support/relay.ts'
import { mountRelay } from '../support/relay-with.ts'
import { answer } from '../support/server.ts'
import { dial } from '../support/socket.ts'
import { watch } from '../support/sse.ts'

const KEY = 'k'.repeat(32)
const LATER = new Date('2100-01-01')
const JSON_TYPE = { 'content-type': 'application/json' }
const CALLBACK = JSON.stringify(phraseReady('a'))

/** Answers so far: operations with statuses, and codes of problems. */
const seen = new Set<string>()
const codes = new Set<string>()

interface Call {
  readonly headers?: Record<string, string>
  readonly body?: string
}

async function note (t: Test, response: Response, method: string, path: string): Promise<void> {
  const { seen: operation, code } = await conforms(t, response, method, path)
  seen.add(operation)
  if (code !== undefined) codes.add(code)
}

/** Sends a request and tests its answer. Returns it without its body. */
async function call (t: Test, url: string, request: string, { headers = {}, body }: Call = {}): Promise<Response> {
  const [method = '', path = ''] = request.split(' ')
  const abort = new AbortController()
  t.teardown(() => { abort.abort() })
  const type = body === undefined ? {} : JSON_TYPE
  const init = { method: method.toUpperCase(), headers: { ...type, ...headers }, signal: abort.signal }
  const response = await fetch(url + path, body === undefined ? init : { ...init, body })
  await note(t, response, method, path.split('?', 1)[0] as string)
  return response
}

t.test('answers of an open relay', async t => {
  const { url } = await startRelay(t)
  for (const path of ['/healthz', '/readyz', '/metrics', '/', '/openapi.json', '/asyncapi.json', '/nope']) {
    await call(t, url, `get ${path}`)
  }
  for (const step of ['', '/validate', '/validate', '/x']) {
    await call(t, url, `post /callback${step}`, { body: CALLBACK })
  }
  for (const body of ['{', '{}', `"${'x'.repeat(70_000)}"`]) await call(t, url, 'post /callback', { body })
  await call(t, url, 'post /callback', { body: CALLBACK, headers: { 'content-type': 'text/plain' } })
  await call(t, url, 'post /healthz', { body: '' })
  await call(t, url, 'post /tasks', { body: JSON.stringify(VALIDATE) })
  const { json: { eventId } } = await post(url, phraseReady('b'))
  for (const path of ['b', 'c', '%20', `b?after=${eventId}&wait=0.01`, 'a'.repeat(8200)]) {
    await call(t, url, `get /tasks/${path}`)
  }
  for (const path of ['b', '%20', `b?until=done&lastEventId=${eventId}`]) await call(t, url, `get /events/${path}`)
  await call(t, url, 'get /events/b', { headers: { accept: 'text/html' } })
  await call(t, url, 'head /events/b')
  for (const query of ['task=b&task=c', 'task=b&task=b', `task=b@${eventId}&until=done`]) {
    await call(t, url, `get /events?${query}`)
  }
  await call(t, url, 'head /events?task=b')
  await call(t, url, 'delete /tasks/b')
})

t.test('answers to the operator', async t => {
  const { url } = await startRelay(t, { CALLBACK_TOKENS: [KEY] })
  for (const body of [CALLBACK, '{}']) await call(t, url, `post /callback?token=${KEY}`, { body })
  for (const path of ['status', 'samples', 'tasks', 'tasks?limit=0', 'tasks/a', 'refusals', 'quarantine']) {
    await call(t, url, `get /admin/api/${path}`)
  }
  const { callbacks: [{ id }] } = await (await fetch(`${url}/admin/api/quarantine`)).json()
  await call(t, url, `get /admin/api/quarantine/${id}`)
  await call(t, url, 'get /admin/api/quarantine/999')
  await call(t, url, 'get /admin')
  for (const action of ['replay', 'drop', 'drop']) {
    await call(t, url, `post /admin/api/quarantine/${id}/${action}`, { body: '{}' })
  }
  const guarded = await startRelay(t, { ADMIN_TOKEN: KEY })
  await call(t, guarded.url, 'get /admin/api/status')
})

t.test('answers to requests that no client sends', async t => {
  const { app, url } = await startRelay(t)
  const close = 'connection: close\r\n\r\n'
  for (const head of ['host: relay.example', `host: a\r\nx: ${'x'.repeat(16_384)}`, 'host: a\r\nexpect: a miracle']) {
    await note(t, await fetchRaw(t, url, `GET /metrics HTTP/1.1\r\n${head}\r\n${close}`), 'get', '/metrics')
  }
  app.server.headersTimeout = app.server.requestTimeout = 1
  await note(t, await fetchRaw(t, url, 'GET /healthz HTTP/1.1\r\nhost: a\r\n'), 'get', '/healthz')
})

t.test('answers of a relay that needs proofs', async t => {
  const token = 'a-token-of-the-sender'
  const config: Partial<Config> = {
    CALLBACK_TOKENS: [token], API_TOKENS: [KEY], TICKET_KEYS: [KEY], METRICS_TOKEN: 'm', AUTH_FAILURES_PER_MINUTE: 1
  }
  const { url } = await startRelay(t, config)
  for (const query of ['', '', `?token=${token}`]) await call(t, url, `post /callback${query}`, { body: '{}' })
  for (const path of ['/metrics', '/tasks/a', '/events/a']) await call(t, url, `get ${path}`)
  const other = await signTicket(KEY, ['b'], LATER)
  for (const path of ['/tasks/a', '/events/a']) await call(t, url, `get ${path}?ticket=${other}`)
  await call(t, url, 'delete /tasks/a')
})

t.test('answers of a relay that is full or stops', async t => {
  const { url, close } = await startRelay(t, { MAX_STREAMS: 1, DRAIN_MS: 1000 })
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  await call(t, url, 'get /events/a')
  await call(t, url, 'get /tasks/a?wait=1')
  const idle = [['/readyz', await dial(t, url)], ['/events/a', await dial(t, url)]] as const
  const closing = close()
  await stream.rest()
  for (const [path, { socket, ended }] of idle) {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await note(t, toResponse(await ended()), 'get', path)
  }
  await closing
})

t.test('answers of a relay whose store fails', async t => {
  let now = Date.now()
  const store = memoryStore({ now: () => now })
  const fail = (code: 'STORE_UNAVAILABLE' | 'QUARANTINE_FULL') => async (): Promise<never> => {
    throw new RelayError(code, 'Cannot use the store: the test says so')
  }
  const config = { CALLBACK_TOKENS: ['a-token-of-the-sender'] }
  const { url, hub } = await mountRelay(t, {
    ...store,
    check: fail('STORE_UNAVAILABLE'),
    erase: fail('STORE_UNAVAILABLE'),
    quarantine: { ...store.quarantine, hold: fail('QUARANTINE_FULL') },
    append: async (taskId, draft) => taskId === 'a' ? store.append(taskId, draft) : fail('STORE_UNAVAILABLE')(),
    async extent (taskId) {
      if (taskId === 'defect') throw new TypeError('x is not a function')
      return store.extent(taskId)
    }
  }, { config })
  const query = '?token=a-token-of-the-sender'
  for (const body of [CALLBACK, '{}', JSON.stringify(phraseReady('b'))]) {
    await call(t, url, `post /callback${query}`, { body })
  }
  now += 1000
  await hub.trim(1000)
  for (const path of ['/readyz', '/tasks/a', '/tasks/defect', '/events/defect']) await call(t, url, `get ${path}`)
  await call(t, url, 'delete /tasks/a')
})

t.test('the answer of a relay with too many callbacks under way', async t => {
  const { promise, reject } = Promise.withResolvers<never>()
  const { promise: arrived, resolve } = Promise.withResolvers<void>()
  const append = async (): Promise<never> => {
    resolve()
    return promise
  }
  const { url } = await mountRelay(t, { ...memoryStore(), append }, { config: { MAX_CALLBACKS: 1 } })
  const first = fetch(`${url}/callback`, { method: 'POST', headers: JSON_TYPE, body: CALLBACK })
  await arrived
  await call(t, url, 'post /callback', { body: CALLBACK })
  reject(new RelayError('STORE_UNAVAILABLE', 'Cannot use the store: the test says so'))
  await first
})

t.test('answers to submissions', async t => {
  const sandbox = await startSandbox(t)
  const { url } = await startAsking(t, sandbox.url)
  const submit = (fields: object, key = 'key') => {
    return call(t, url, 'post /tasks', { body: JSON.stringify(fields), headers: { 'idempotency-key': key } })
  }
  await submit(VALIDATE)
  await submit({ ...VALIDATE, vocalEndS: 20 })
  await submit({ step: 'validate' }, 'another key')
  await call(t, url, 'post /tasks', { body: '{}', headers: { 'content-type': 'text/plain' } })
  for (const body of ['{"step":"generate"}', '{"step":"generate"}', '{}']) await call(t, url, 'put /tasks/z', { body })
})

for (const code of [422, 429, 430, 500]) {
  t.test(`answers to submissions that Suno answers with ${code}`, async t => {
    const { relay: { url } } = await startWithVendor(t, answer(200, { code, msg: 'no' }))
    await call(t, url, 'post /tasks', { body: JSON.stringify(VALIDATE) })
  })
}

t.test('the answer to a submission under way', async t => {
  const { promise: arrived, resolve } = Promise.withResolvers<void>()
  const { relay: { url } } = await startWithVendor(t, () => { resolve() })
  const again = { body: JSON.stringify(VALIDATE), headers: { ...JSON_TYPE, 'idempotency-key': 'key' } }
  const first = fetch(`${url}/tasks`, { method: 'POST', ...again }).catch(() => {})
  await arrived
  await call(t, url, 'post /tasks', again)
  t.teardown(() => first)
})

t.test('every code and every success was answered', async t => {
  t.strictSame(Object.keys(STATUS).filter((code) => !codes.has(code)), [])
  const successes = [...OPERATIONS].flatMap(([operation, responses]) => {
    return Object.keys(responses).filter((status) => status.startsWith('2')).map((status) => `${operation} ${status}`)
  })
  t.strictSame(successes.filter((answer) => !seen.has(answer)), [])
})
