import t from 'tap'
import { phraseReady, post } from '../../support/callbacks.ts'
import { startRelay } from '../../support/relay.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { memoryStore } from '../../../src/store/memory/store.ts'

const ROUTES: ReadonlyArray<[path: string, allow: string]> = [
  ['/callback', 'POST'],
  ['/callback/validate', 'POST'],
  ['/callback/', 'POST'],
  ['/events/a', 'GET, HEAD'],
  ['/events', 'GET, HEAD'],
  ['/tasks/a', 'DELETE, GET, HEAD, PUT'],
  ['/tasks', 'POST'],
  ['/healthz', 'GET, HEAD'],
  ['/readyz', 'GET, HEAD'],
  ['/metrics', 'GET, HEAD'],
  ['/openapi.json', 'GET, HEAD'],
  ['/asyncapi.json', 'GET, HEAD'],
  ['/web/page.js', 'GET, HEAD'],
  ['/admin', 'GET, HEAD'],
  ['/admin/api/status', 'GET, HEAD'],
  ['/admin/api/tasks/a', 'GET, HEAD'],
  ['/admin/api/quarantine/1', 'GET, HEAD'],
  ['/admin/api/quarantine/1/drop', 'POST'],
  ['/', 'GET, HEAD']
]
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

for (const [path, allow] of ROUTES) {
  t.test(`${path} answers other methods with 405 and Allow: ${allow}`, async t => {
    const { url } = await startRelay(t)
    const allowed = allow.split(', ')
    for (const method of METHODS.filter((method) => !allowed.includes(method))) {
      // A body that cannot be read must not be the answer.
      const body = method === 'GET' ? {} : { body: '{', headers: { 'content-type': 'application/json' } }
      const response = await fetch(url + path, { method, ...body })
      t.equal(response.status, 405, method)
      t.equal(response.headers.get('allow'), allow)
      t.match(await response.json(), {
        code: 'METHOD_NOT_ALLOWED',
        detail: `Cannot ${method} this path: it accepts ${allow}`
      })
    }
  })
}

t.test('HEAD of the callback URL is a 405 that allows POST', async t => {
  const { url } = await startRelay(t)
  const { status, headers } = await fetch(`${url}/callback/validate`, { method: 'HEAD' })
  t.strictSame([status, headers.get('allow')], [405, 'POST'])
})

t.test('a relay in another app refuses other methods below its prefix only', async t => {
  const { url, app } = await mountRelay(t, memoryStore(), { prefix: '/relay' })
  t.equal((await fetch(`${url}/relay/callback`)).headers.get('allow'), 'POST')
  t.equal((await fetch(`${url}/relay`, { method: 'POST' })).headers.get('allow'), 'GET, HEAD')
  t.equal((await fetch(`${url}/callback`)).status, 404)
  t.equal((await app.inject({ method: 'PUT', url: '/' })).statusCode, 404)
})

for (const path of ['/callback/', '//callback', '/callback//', '/callback/regenerate/', '//callback//regenerate']) {
  t.test(`POST ${path} is the callback route`, async t => {
    const { url } = await startRelay(t)
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(phraseReady('a'))
    })
    t.match(await response.json(), { received: true, taskId: 'a' })
  })
}

for (const path of [
  '/events/a/', '//events//a', '/tasks/a/', '//tasks/a', '//healthz', '/readyz/', '//', '//web//page.js'
]) {
  t.test(`GET ${path} is the same route as without the extra slashes`, async t => {
    const { url } = await startRelay(t)
    await post(url, phraseReady('a'))
    const controller = new AbortController()
    const { status } = await fetch(url + path, { signal: controller.signal })
    controller.abort()
    t.equal(status, 200)
  })
}
