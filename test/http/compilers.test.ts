import { createRequire } from 'node:module'
import Fastify from 'fastify'
import t from 'tap'
import { createHub, createRelay, localBus, memoryStore, phraseRelay } from '../../src/index.ts'

const ON_DENO = 'Deno' in globalThis && 'Deno keeps no list of the modules that it has loaded'

t.test('compilers: a relay loads neither Ajv nor fast-json-stringify', { skip: ON_DENO }, async t => {
  const { app, close } = await createRelay({ PORT: 0, STORE_URL: 'memory:', LOG_LEVEL: 'silent' })
  t.teardown(close)
  t.equal((await app.inject('/healthz')).statusCode, 200)
  const loaded = Object.keys(createRequire(import.meta.url).cache)
  t.ok(loaded.some((file) => file.includes('/fastify/')))
  t.strictSame(loaded.filter((file) => /\/ajv\/|\/fast-json-stringify\/index/.test(file)), [])
})

t.test('compilers: the routes of an app around the plugin keep the compilers of the app', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  const hub = createHub({ store: memoryStore(), bus: localBus() })
  await app.register(phraseRelay, { prefix: '/voice', hub })
  const response = { 200: { type: 'object', properties: { shown: { type: 'string' } } } }
  const querystring = { type: 'object', required: ['name'] }
  app.get('/own', { schema: { querystring, response } }, async () => ({ shown: 'a', hidden: 'b' }))
  t.strictSame((await app.inject('/own?name=x')).json(), { shown: 'a' })
  t.equal((await app.inject('/own')).statusCode, 400)
  t.strictSame((await app.inject('/voice/healthz')).json(), { status: 'ok' })
})
