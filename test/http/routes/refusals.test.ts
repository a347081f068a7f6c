import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Config } from '../../../schemas/config.ts'
import { phraseReady, post } from '../../support/callbacks.ts'
import { startRelay } from '../../support/relay.ts'

const TOKEN = 'a-token-of-32-random-characters-'
const query = `?token=${TOKEN}`

/** A relay, and the lines that it logs at level warn. */
async function start (t: Test, config: Partial<Config> = {}) {
  const relay = await startRelay(t, { LOG_LEVEL: 'info', ...config })
  const lines: unknown[] = []
  t.intercept(relay.app.log, 'warn', {
    value: (details: object, message: string) => { lines.push([message, details]) }
  })
  const outcome = async (name: string) => {
    const text = await (await fetch(`${relay.url}/metrics`)).text()
    return Number(new RegExp(`^relay_callbacks_total\\{outcome="${name}"\\} (\\d+)$`, 'm').exec(text)?.[1])
  }
  return { ...relay, lines, outcome }
}

t.test('every outcome of a callback and every event is in the metrics from the start, at 0', async t => {
  const { url } = await startRelay(t)
  const text = await (await fetch(`${url}/metrics`)).text()
  const zeros = [...text.matchAll(/^relay_(?:callbacks|events)_total\{\w+="(.*)"\} 0$/gm)].map(([, name]) => name)
  for (const name of [
    'kept', 'duplicate', 'quarantined', 'BODY_NOT_JSON', 'CALLBACK_UNAUTHENTIC', 'NOT_FOUND', 'STORE_UNAVAILABLE',
    'phrase-ready', 'phrase-failed', 'voice-ready', 'voice-failed', 'task-update'
  ]) t.ok(zeros.includes(name), name)
})

t.test('a refused authentication is logged with address and step, whatever text the step is', async t => {
  const { url, lines, outcome } = await start(t, { CALLBACK_TOKENS: [TOKEN] })
  for (const step of ['generate', 'secret'] as const) await post(url, phraseReady('a'), { step: step as 'generate' })

  t.strictSame(lines, [
    ['unauthenticated requests refused', { count: 1, addresses: ['127.0.0.1'], steps: ['generate'] }]
  ])
  t.equal(await outcome('CALLBACK_UNAUTHENTIC'), 2)
})

t.test('a close writes the pending summary', async t => {
  const { url, lines, close } = await start(t, { CALLBACK_TOKENS: [TOKEN] })
  for (const step of ['generate', 'secret'] as const) await post(url, phraseReady('a'), { step: step as 'generate' })
  await close()
  await turn()
  t.match(lines.at(-1), ['unauthenticated requests refused', { count: 1, steps: ['unknown'] }])
})

const UNREADABLE: ReadonlyArray<[what: string, body: unknown, code: string, field: string | undefined]> = [
  ['not JSON', '{', 'BODY_NOT_JSON', undefined],
  ['a wrong type', { code: 200, data: { taskId: 'a', status: 1 } }, 'CALLBACK_UNREADABLE', '/data/status'],
  ['no task id', { code: 200 }, 'CALLBACK_UNREADABLE', '/data/taskId'],
  ['a list', '[]', 'CALLBACK_UNREADABLE', undefined]
]

for (const [what, body, code, field] of UNREADABLE) {
  t.test(`an unreadable callback on an open relay is logged: ${what}`, async t => {
    const { url, lines } = await start(t)
    await post(url, body, { step: 'validate', query: '?x=secret' })
    const details = { code, field, step: 'validate', path: '/callback/validate', mediaType: 'application/json' }
    t.match(lines, [['callback refused', { ...details, reason: /^Cannot read the callback: / }]])
  })
}

t.test('a quarantined callback is logged with step, path, media type and field', async t => {
  const { url, lines } = await start(t, { CALLBACK_TOKENS: [TOKEN] })
  await post(url, { code: 'odd' }, { query, headers: { 'content-type': 'text/plain' } })
  const details = { step: 'regenerate', path: '/callback', mediaType: 'text/plain', field: '/code' }
  t.match(lines, [['callback quarantined', { ...details, reason: /\/code has a wrong type/ }]])
})

for (const [path, code] of [
  ['/', 'METHOD_NOT_ALLOWED'], [
    '/events/a', 'METHOD_NOT_ALLOWED'
  ], ['/webhook', 'NOT_FOUND'], ['/callback/a/b', 'NOT_FOUND']
] as const) {
  t.test(`a POST to ${path} is counted and logged as ${code}, without its query`, async t => {
    const { url, lines, outcome } = await start(t, { CALLBACK_TOKENS: [TOKEN] })
    await fetch(`${url}${path}${query}`, { method: 'POST' })
    await fetch(`${url}/nowhere`)
    t.strictSame(lines, [['callback refused', { code, path }]])
    t.equal(await outcome(code), 1)
  })
}
