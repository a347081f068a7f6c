import Fastify from 'fastify'
import t from 'tap'
import { RelayError, STATUS } from '../../src/errors.ts'
import { sendProblem } from '../../src/http/problems.ts'
import { memoryStore } from '../../src/store/memory/store.ts'
import { mountRelay } from '../support/relay-with.ts'
import { startRelay } from '../support/relay.ts'

async function get (url: string) {
  const response = await fetch(url)
  return { status: response.status, type: response.headers.get('content-type'), json: await response.json() as any }
}

t.test('problems: an unknown path is a 404', async t => {
  const { url } = await startRelay(t)
  t.strictSame(await get(`${url}/nothing?token=secret`), {
    status: 404,
    type: 'application/problem+json; charset=utf-8',
    json: {
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      code: 'NOT_FOUND',
      detail: 'Cannot GET this path: there is nothing here'
    }
  })
})

t.test('problems: a path that cannot be decoded is a 400', async t => {
  const { url } = await startRelay(t)
  t.match(await get(`${url}/events/%zz`), { status: 400, type: /problem\+json/, json: { code: 'REQUEST_INVALID' } })
})

t.test('problems: an unexpected error is answered as INTERNAL without its message', async t => {
  const { url } = await mountRelay(t, { ...memoryStore(), extent: () => { throw new TypeError('a secret of ours') } })
  const { status, json } = await get(`${url}/tasks/a`)
  t.equal(status, 500)
  const detail = 'Cannot answer the request: the relay has a defect, see its log'
  t.strictSame(json, { type: 'about:blank', title: 'Internal Server Error', status: 500, code: 'INTERNAL', detail })
})

t.test('problems: an error of the server is logged, but no refusal under overload', async t => {
  const lines: string[] = []
  const stream = { write: (line: string) => { lines.push(line) } }
  const app = Fastify({ logger: { level: 'error', stream } })
  t.teardown(() => app.close())
  app.setErrorHandler(sendProblem)
  const codes = ['OVERLOADED', 'QUARANTINE_FULL'] as const
  for (const code of codes) app.get(`/${code}`, async () => { throw new RelayError(code, `for ${code}`) })
  for (const code of codes) t.equal((await app.inject(`/${code}`)).statusCode, 503)
  t.match(lines, [/for QUARANTINE_FULL/])
  t.equal(lines.length, 1)
})

t.test('problems: every code has an error status', async t => {
  for (const [code, status] of Object.entries(STATUS)) t.ok(status >= 400 && status < 600, code)
})
