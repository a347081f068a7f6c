import t, { type Test } from 'tap'
import type { Config } from '../../../schemas/config.ts'
import { draft, numbers } from '../../../src/conformance/drafts.ts'
import { memoryStore } from '../../../src/store/memory/store.ts'
import { phraseFailed, phraseReady, post, voiceReady } from '../../support/callbacks.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { startRelay } from '../../support/relay.ts'

const SENDER = 'a-token-of-the-sender'
const TOKEN = 't'.repeat(32)
const QUERY = `?token=${SENDER}`
const SETTINGS = { ADMIN_TOKEN: TOKEN, CALLBACK_TOKENS: [SENDER] }

async function start (t: Test, config: Partial<Config> = {}) {
  const relay = await startRelay(t, { ...SETTINGS, ...config })
  async function ask (path: string, init: RequestInit = {}): Promise<{ status: number, json: any, text: string }> {
    const headers = { authorization: `Bearer ${TOKEN}`, ...init.headers }
    const response = await fetch(`${relay.url}/admin/api/${path}`, { ...init, headers })
    const text = await response.text()
    return { status: response.status, text, json: JSON.parse(text) }
  }
  const action = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
  const act = (path: string) => ask(path, action)
  return { ...relay, ask, act }
}

t.test('admin: the status has readiness, version, node, streams, callbacks and the numbers of the store', async t => {
  const { url, ask } = await start(t)
  await post(url, phraseReady('a'), { query: QUERY })
  await post(url, '{"code":200}', { query: QUERY })
  const { json } = await ask('status')
  t.match(json, {
    version: /^\d+\.\d+\.\d+/,
    ready: true,
    reason: null,
    node: { name: /:\d+$/, runtime: /\d+\./, streams: 0, callbacks: { kept: 1, quarantined: 1 } },
    store: { bytes: null, expected: 0, overdue: 0, quarantined: 1 }
  })
})

t.test('admin: the status of a relay whose store is gone says so', async t => {
  const { app, hub, ask } = await start(t)
  t.teardown(() => app.close())
  await hub.close()
  const { json } = await ask('status')
  t.match(json, { ready: false, reason: /closed/, store: { bytes: null, expected: null, quarantined: null } })
})

t.test('admin: a store that does not answer delays the status by three seconds at most', async t => {
  const never = () => new Promise<never>(() => {})
  const { url } = await mountRelay(t, { ...memoryStore(), check: never, bytes: never, nodes: never })
  const startedAt = Date.now()
  const status = await (await fetch(`${url}/admin/api/status`)).json()
  t.match(status, { ready: false, reason: 'The store does not answer', nodes: [], store: { bytes: null } })
  const ms = Date.now() - startedAt
  t.ok(ms < 6000, `${ms} ms`)
})

t.test('admin: lists tasks by group, and pages', async t => {
  const { url, hub, ask } = await start(t)
  await post(url, phraseReady('ready'), { step: 'validate', query: QUERY })
  await post(url, phraseFailed('failed'), { query: QUERY })
  await post(url, voiceReady('voice'), { step: 'generate', query: QUERY })
  await post(url, { code: 200, data: { taskId: 'busy', status: 'processing' } }, { query: QUERY })
  const idsOf = async (query: string) => (await ask(`tasks?${query}`)).json.tasks.map(({ taskId }: any) => taskId)
  t.strictSame(await idsOf(''), ['busy', 'voice', 'failed', 'ready'])
  t.strictSame(await idsOf('group=ready'), ['voice', 'ready'])
  t.strictSame(await idsOf('group=failed'), ['failed'])
  t.strictSame(await idsOf('group=waiting'), ['busy'])
  t.strictSame(await idsOf('group=overdue'), [])
  t.match((await ask('tasks?group=ready')).json.tasks[0], { state: 'voice-ready', step: 'generate', submittedAt: null })

  for (const n of numbers(150)) await hub.publish(`${n}`, draft(`${n}`))
  const first = (await ask('tasks?limit=1')).json
  const rest = (await ask(`tasks?limit=500&before=${encodeURIComponent(first.next)}`)).json
  t.equal(first.tasks.length + rest.tasks.length, 154)
  t.equal(rest.next, null)
  t.equal((await ask('tasks?group=other')).status, 400)
  t.equal((await ask('tasks?limit=501')).status, 400)
})

t.test('admin: shows the timeline of a task, without a ticket', async t => {
  const { url, hub, ask } = await start(t, { TICKET_KEYS: ['k'.repeat(32)] })
  const submission = { id: 'secret-of-a-url', taskId: 'a', step: 'validate' } as const
  await hub.submissions.watch(submission, { askAfterMs: 1e6, giveUpMs: 1e7 })
  t.match((await ask('tasks/a')).json, { state: 'pending', lastEventId: null, events: [] })
  await post(url, phraseReady('a'), { step: 'validate', query: QUERY })
  const { json, text } = await ask('tasks/a')
  t.match(json, {
    taskId: 'a',
    state: 'phrase-ready',
    submissions: [{ step: 'validate', stage: 'settled', asked: 0 }],
    events: [{ event: 'phrase-ready', data: { validateInfo: 'Silver rivers hum below the hill' } }]
  })
  t.notMatch(text, 'secret-of-a-url')
  t.strictSame((await ask(`tasks/a?after=${json.lastEventId}`)).json.events, [])
  t.match(await ask('tasks/b'), { status: 404, json: { code: 'TASK_UNKNOWN' } })
})

t.test('admin: a task whose events were erased has expired', async t => {
  const { hub, ask } = await start(t)
  await hub.publish('a', draft('one'))
  await hub.erase('a', () => false)
  t.match(await ask('tasks/a'), { status: 404, json: { code: 'TASK_EXPIRED' } })
})

t.test('admin: shows refused callbacks with their reason, and no secret', async t => {
  const { url, ask } = await start(t)
  await post(url, {}, { query: '?token=wrong-but-a-secret' })
  await post(url, '{', { step: 'validate', query: QUERY })
  await fetch(`${url}/calback/validate?token=${SENDER}`, { method: 'POST' })
  await fetch(`${url}/admin/api/status`, { headers: { authorization: 'Bearer wrong-but-a-secret' } })
  const { json, text } = await ask('refusals')
  t.match(json.refusals, [
    { code: 'ADMIN_TOKEN_INVALID', step: 'admin', count: 1, addresses: ['127.0.0.1'] },
    { code: 'NOT_FOUND', path: '/calback/validate' },
    { code: 'BODY_NOT_JSON', step: 'validate', path: '/callback/validate', reason: /not JSON/ },
    { code: 'CALLBACK_UNAUTHENTIC', step: 'regenerate' }
  ])
  t.notMatch(text, SENDER)
  t.notMatch(text, 'wrong-but')
})

t.test('admin: shows, replays and drops callbacks in quarantine', async t => {
  const { url, hub, ask, act } = await start(t)
  const body = JSON.stringify(phraseReady('a'))
  await hub.hold({ step: 'validate', body, reason: 'it was odd', digest: 'one' })
  await post(url, '{"code":200}', { query: QUERY })
  const { json: { callbacks } } = await ask('quarantine')
  t.match(callbacks, [{ id: 1, step: 'validate', reason: 'it was odd', bytes: body.length }, { id: 2 }])
  t.match((await ask('quarantine/1')).json, { id: 1, body })

  t.match((await act('quarantine/1/replay')).json, { id: 1, taskId: 'a', eventId: /\.1$/, reason: null })
  t.match((await act('quarantine/2/replay')).json, { id: 2, taskId: null, eventId: null, reason: /^Cannot read/ })
  t.strictSame((await act('quarantine/2/drop')).json, { id: 2 })
  t.strictSame((await ask('quarantine')).json, { callbacks: [] })
  for (const path of ['quarantine/1', 'quarantine/9/x']) t.equal((await ask(path)).status, 404)
  for (const path of ['quarantine/1/replay', 'quarantine/1/drop']) t.match(await act(path), { status: 404 })
})

t.test('admin: a callback in quarantine shows no token of a URL that the sender echoes', async t => {
  const { hub, ask } = await start(t)
  const body = JSON.stringify({ callBackUrl: `https://relay.example/callback/validate?token=${SENDER}` })
  await hub.hold({ step: 'validate', body, reason: 'odd', digest: 'one' })
  const { json, text } = await ask('quarantine/1')
  t.match(json.body, 'https://relay.example/callback/validate?token=')
  t.notMatch(text, SENDER)
})

t.test('admin: an action is a POST of JSON, which a form of another page cannot send', async t => {
  const { hub, ask } = await start(t)
  await hub.hold({ step: 'validate', body: '{}', reason: 'odd', digest: 'one' })
  const path = 'quarantine/1/drop'
  t.equal((await ask(path)).status, 405)
  t.equal((await ask(path, { method: 'POST' })).status, 400)
  for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
    t.equal((await ask(path, { method: 'POST', headers: { 'content-type': type }, body: '{}' })).status, 415)
  }
  t.equal((await hub.quarantine.list()).length, 1)
})

t.test('admin: the samples after a time are later ones', async t => {
  const { ask } = await start(t)
  t.strictSame((await ask(`samples?after=${Date.now()}`)).json, { samples: [] })
})
