import t from 'tap'
import { memoryStore } from '../../src/store/memory/store.ts'
import { startAsking, startSandbox, startWithVendor, submitTo, VALIDATE } from '../support/asking.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { freePort } from '../support/port.ts'
import { startProcess } from '../support/process.ts'
import { mountRelay } from '../support/relay-with.ts'
import { answer } from '../support/server.ts'
import { databasePath } from '../support/sqlite.ts'
import { watch } from '../support/sse.ts'

const ACCEPTED = answer(200, { code: 200, data: { taskId: 'a' } })
const NEVER = { ASK_AFTER_MS: 2_000_000_000, GIVE_UP_MS: 2_000_000_000 }

t.test('asking: a callback that is lost is made good by a question', async t => {
  const sandbox = await startSandbox(t, { lose: 1 })
  const { url } = await startAsking(t, sandbox.url, { ASK_AFTER_MS: 0 })
  const { json } = await submitTo(`${url}/tasks`, VALIDATE)
  const stream = await watch(t, `${json.events}&until=done`)
  const subscribed = await stream.next()
  t.ok(['pending', 'overdue', 'phrase-ready'].includes(subscribed.data.state))
  const overdue = await stream.next()
  const { taskId } = json
  t.match(overdue, { event: 'task-overdue', data: { taskId, step: 'validate', code: null, submittedAt: /Z$/ } })
  const { event, data } = await stream.next()
  t.equal(event, 'phrase-ready')
  t.match(data, { source: 'query', step: 'validate', code: 200, status: 'wait_validating' })
  t.strictSame(await stream.rest(), ['closing'])

  const { params } = sandbox.requests[0] ?? {}
  const late = await submitTo(params?.['callBackUrl'] as string, phraseReady(json.taskId, data.validateInfo))
  t.match(late.json, { duplicate: true }, 'the callback that comes hours later says nothing new')
})

t.test('asking: a relay that Suno cannot reach asks from the start', async t => {
  const sandbox = await startSandbox(t)
  const { url } = await startAsking(t, sandbox.url, { PUBLIC_URL: '', ASK_AFTER_MS: 0 })
  const { json } = await submitTo(`${url}/tasks`, VALIDATE)
  t.notOk('callBackUrl' in (sandbox.requests[0]?.params as object))
  const stream = await watch(t, `${json.events}&until=done`)
  t.strictSame(await stream.rest(), ['subscribed', 'task-overdue', 'phrase-ready', 'closing'])
})

t.test('asking: a task that was submitted elsewhere is asked for too', async t => {
  const { relay: { url } } = await startWithVendor(t, answer(200, phraseReady('elsewhere')), { ASK_AFTER_MS: 0 })
  const { json } = await submitTo(`${url}/tasks/elsewhere`, { step: 'regenerate' }, {}, 'PUT')
  const stream = await watch(t, `${json.events}&until=done`)
  t.strictSame(await stream.rest(), ['subscribed', 'task-overdue', 'phrase-ready', 'closing'])
})

t.test('asking: the relay gives up, and a late callback is told all the same', async t => {
  const { relay: { url } } = await startWithVendor(t, ACCEPTED, {
    GIVE_UP_MS: 0,
    CALLBACK_TOKENS: ['a-token-of-the-sender']
  })
  const { json } = await submitTo(`${url}/tasks`, VALIDATE)
  const stream = await watch(t, `${json.events}&until=done`)
  t.strictSame(await stream.rest(), ['subscribed', 'task-timeout', 'closing'])
  const headers = { accept: 'text/event-stream', 'last-event-id': json.lastEventId.replace(/0$/, '1') }
  const again = await fetch(`${json.events}&until=done`, { headers })
  t.equal(again.status, 204, 'the end of a wait stops an EventSource')
  t.match(await (await fetch(`${url}/tasks/a`)).json(), { state: 'timed-out' })

  await post(url, phraseReady('a'), { step: 'validate', query: '?token=a-token-of-the-sender' })
  const reopened = await watch(t, `${json.events}&until=done`)
  t.strictSame(await reopened.rest(), ['subscribed', 'task-timeout', 'phrase-ready', 'closing'])
})

t.test('asking: an answer that is none is never an event', async t => {
  let asked = 0
  const { promise: twice, resolve } = Promise.withResolvers<void>()
  const { relay: { url, hub } } = await startWithVendor(t, (request, response) => {
    if (request.method === 'POST') return ACCEPTED(request, response)
    if (++asked === 1) resolve()
    return response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hello</h1>')
  }, { ASK_AFTER_MS: 0 })
  await submitTo(`${url}/tasks`, VALIDATE)
  await twice
  t.match(await (await fetch(`${url}/tasks/a`)).json(), { state: 'overdue', events: [{ event: 'task-overdue' }] })
  t.strictSame(await hub.submissions.counts(), { expected: 1, overdue: 1 })
})

t.test('asking: states of a task', async t => {
  const { relay: { url } } = await startWithVendor(t, ACCEPTED, {
    ...NEVER,
    CALLBACK_TOKENS: ['a-token-of-the-sender']
  })
  const read = async (path = '') => {
    const response = await fetch(`${url}/tasks/a${path}`)
    return { status: response.status, json: await response.json() as any }
  }
  t.match(await read(), { status: 404, json: { code: 'TASK_UNKNOWN' } })
  const { json } = await submitTo(`${url}/tasks`, VALIDATE)
  const pending = await read()
  t.match(pending, { status: 200, json: { taskId: 'a', state: 'pending', lastEventId: json.lastEventId, events: [] } })
  t.equal(pending.json.submittedAt, pending.json.updatedAt)
  const { submittedAt } = pending.json
  t.match(await (await watch(t, json.events)).next(), { data: { state: 'pending', submittedAt, lastEventId: null } })

  const { json: { eventId } } = await post(url, phraseReady('a'), {
    step: 'validate',
    query: '?token=a-token-of-the-sender'
  })
  const ready = await read()
  t.match(ready, { status: 200, json: { state: 'phrase-ready', lastEventId: eventId } })
  t.notOk('submittedAt' in ready.json)

  const second = await submitTo(`${url}/tasks`, { step: 'regenerate', taskId: 'a' })
  t.match(await read(), { json: { state: 'pending', lastEventId: eventId, events: [{ event: 'phrase-ready' }] } })
  for (const events of [second.json.events, `${url}/events/a?replay=latest`]) {
    const stream = await watch(t, `${events}&until=done`)
    t.match(await stream.next(), { data: { state: 'pending' } }, 'the former phrase ends no wait')
    stream.close()
  }
})

t.test('asking: a task whose events were deleted has expired', async t => {
  let now = Date.now()
  const { url, hub } = await mountRelay(t, memoryStore({ now: () => now }))
  await post(url, phraseReady('a'))
  now += 1000
  t.equal(await hub.trim(1000), 1)
  const response = await fetch(`${url}/tasks/a`)
  t.match([response.status, await response.json()], [404, { code: 'TASK_EXPIRED' }])
  t.match(await (await watch(t, `${url}/events/a`)).next(), { data: { state: 'expired', lastEventId: null } })
})

for (const [giveUp, life] of [[0.1, 24], [36, 36]] as const) {
  t.test(`asking: a callback URL is valid for ${life} hours where the relay gives up after ${giveUp}`, async t => {
    const sandbox = await startSandbox(t)
    const { url } = await startAsking(t, sandbox.url, { RETENTION_HOURS: 1, GIVE_UP_MS: giveUp * 3_600_000 })
    const before = Date.now()
    await submitTo(`${url}/tasks`, VALIDATE)
    const [, claims] = /token=[^.]+\.([^.]+)/.exec(sandbox.requests[0]?.params['callBackUrl'] as string) ?? []
    const { exp } = JSON.parse(Buffer.from(claims as string, 'base64url').toString())
    const seconds = exp - before / 1000
    t.ok(Math.abs(seconds - life * 3600) < 30, String(seconds))
  })
}

t.test('asking: a process that is killed goes on where it was', async t => {
  const sandbox = await startSandbox(t, { lose: 1 })
  const port = await freePort()
  const env = {
    PORT: `${port}`,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    STORE_URL: `sqlite:${databasePath(t)}`,
    SUNO_API_KEY: 'sk-secret-of-ours',
    SUNO_API_URL: sandbox.url,
    API_TOKENS: 'api-secret-of-32-characters-or-more'
  }
  const first = await startProcess(t, { ...env, ASK_AFTER_MS: '2000000000' })
  const { json } = await submitTo(`${first.url}/tasks`, VALIDATE, {
    authorization: 'Bearer api-secret-of-32-characters-or-more'
  })
  t.type(json.taskId, 'string')
  await first.kill('SIGKILL')

  const second = await startProcess(t, { ...env, GIVE_UP_MS: '0' })
  const stream = await watch(t, `${second.url}/events/${json.taskId}?lastEventId=${json.lastEventId}`)
  t.match(await stream.next(), { event: 'subscribed' })
  const callback = sandbox.requests[0]?.params['callBackUrl'] as string
  t.equal((await submitTo(callback, phraseReady(json.taskId))).status, 200, 'the callback URL is valid after a restart')
  t.match(await stream.next(), { event: 'phrase-ready', data: { source: 'callback' } })
  for (const { output } of [first, second]) t.notMatch(output(), /secret|token=/)
})

t.test('asking: a restarted process asks for what the one before it has submitted', async t => {
  const sandbox = await startSandbox(t, { lose: 1 })
  const suno = { SUNO_API_KEY: 'sk', SUNO_API_URL: sandbox.url, ASK_AFTER_MS: '1500' }
  const env = { ...suno, STORE_URL: `sqlite:${databasePath(t)}` }
  const first = await startProcess(t, env)
  const { json: { taskId, lastEventId } } = await submitTo(`${first.url}/tasks`, VALIDATE)
  await first.kill('SIGKILL')

  const second = await startProcess(t, env)
  const stream = await watch(t, `${second.url}/events/${taskId}?until=done&lastEventId=${lastEventId}`)
  t.strictSame(await stream.rest(), ['subscribed', 'task-overdue', 'phrase-ready', 'closing'])
})

t.test('asking: metrics and log lines name what happened, and no secret', async t => {
  const sandbox = await startSandbox(t, { lose: 1 })
  const env = { SUNO_API_KEY: 'sk-secret', SUNO_API_URL: sandbox.url, ASK_AFTER_MS: '0' }
  const process = await startProcess(t, { ...env, TICKET_KEYS: 'k'.repeat(32) })
  const { json } = await submitTo(`${process.url}/tasks`, VALIDATE)
  const stream = await watch(t, `${json.events}&until=done`)
  t.strictSame(await stream.rest(), ['subscribed', 'task-overdue', 'phrase-ready', 'closing'])
  await process.printed(/"submission settled"/)
  for (const line of ['task submitted', 'task overdue', 'submission settled']) {
    t.match(process.output(), new RegExp(`"taskId":"${json.taskId}".*"${line}"`))
  }
  t.notMatch(process.output(), /secret|ticket=/)
  const text = await (await fetch(`${process.url}/metrics`)).text()
  const samples = [
    'relay_submissions_total{outcome="submitted"} 1', 'relay_questions_total{answer="phrase-ready"} 1',
    'relay_settled_total{source="query"} 1', 'relay_tasks_expected 0', 'relay_tasks_overdue 0'
  ]
  for (const sample of samples) t.ok(text.includes(`${sample}\n`), sample)
})
