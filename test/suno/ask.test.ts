import t, { type Test } from 'tap'
import { createAsk } from '../../src/suno/ask.ts'
import { createSunoClient } from '../../src/suno/client.ts'
import { phraseFailed, phraseReady } from '../support/callbacks.ts'
import { answer, startServer, type Handler } from '../support/server.ts'

/** Asks a server that answers by `handler`. */
async function askWith (t: Test, handler: Handler) {
  const { url } = await startServer(t, handler)
  return createAsk(createSunoClient({ apiUrl: url, apiKey: 'sk', timeoutMs: 5000 }))('validate', 'a')
}

t.test('ask() reads an answer like a callback, and says that it is none', async t => {
  const asked = await askWith(t, answer(200, phraseReady('a')))
  t.match(asked, { draft: { event: 'phrase-ready', about: { step: 'validate' } } })
  t.match('draft' in asked && JSON.parse(asked.draft.data), { taskId: 'a', source: 'query' })
})

t.test('ask() reads a failure of the task', async t => {
  const body = { code: 200, msg: 'success', data: phraseFailed('a').data }
  t.match(await askWith(t, answer(200, body)), { draft: { event: 'phrase-failed' } })
})

t.test('ask() reports what a failure means, and when to ask again', async t => {
  const busy = await askWith(t, answer(200, { code: 430, msg: 'Too often' }, { 'retry-after': '7' }))
  t.match(busy, { failure: 'busy', reason: /Too often/, retryAfterMs: 7000 })
  t.match(await askWith(t, answer(200, { code: 401, msg: 'No' })), { failure: 'unauthorized', retryAfterMs: undefined })
})

const NO_ANSWERS: Array<[string, Handler]> = [
  ['HTML', (_request, response) => response.end('<h1>Hello</h1>')],
  ['a phrase of another task', answer(200, phraseReady('b'))],
  ['no status', answer(200, { code: 200, data: { taskId: 'a' } })],
  ['3 MB', (_request, response) => response.end(`"${'x'.repeat(3_000_000)}"`)],
  ['a redirect', (_request, response) => response.writeHead(302, { location: '/' }).end()]
]

for (const [what, handler] of NO_ANSWERS) {
  t.test(`ask() makes no event of ${what}`, async t => {
    t.match(await askWith(t, handler), { failure: 'unreachable', reason: /^Cannot ask Suno/ })
  })
}

t.test('ask() makes no event of an answer that is nested too deep', async t => {
  const body = phraseReady('a')
  const nested = JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`)
  const asked = await askWith(t, answer(200, { ...body, data: { ...body.data, nested } }))
  t.match(asked, { failure: 'unreadable', reason: /nested/ })
})

t.test('ask() throws what is a defect', async t => {
  const ask = createAsk({ ask: async () => { throw new TypeError('defect') } })
  await t.rejects(ask('validate', 'a'), { message: 'defect' })
})
