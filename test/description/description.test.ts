import { createConfig, lintFromString } from '@redocly/openapi-core'
import specs from '@asyncapi/specs'
import { Ajv } from 'ajv'
import Fastify from 'fastify'
import t from 'tap'
import { describeEvents } from '../../src/description/asyncapi.ts'
import { createHub, localBus, memoryStore, phraseRelay } from '../../src/index.ts'
import { startAsking, startSandbox, submitTo, VALIDATE } from '../support/asking.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { OPENAPI, OPERATIONS, pointerCheck } from '../support/description.ts'
import { startRelay } from '../support/relay.ts'
import { watch } from '../support/sse.ts'

const ASYNCAPI = JSON.parse(JSON.stringify(describeEvents()))

for (const [name, document] of Object.entries({ OpenAPI: OPENAPI, AsyncAPI: ASYNCAPI })) {
  t.test(`the ${name} document passes the strict rules of Redocly`, async t => {
    const config = await createConfig({ extends: ['recommended-strict'] })
    const problems = await lintFromString({ source: JSON.stringify(document), absoluteRef: `${name}.json`, config })
    t.strictSame(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]), [])
  })
}

t.test('the AsyncAPI document fits the schema of AsyncAPI 3.0', async t => {
  const ajv = new Ajv({ strict: false, logger: false, validateFormats: false })
  const validate = ajv.compile(specs.schemasWithoutId['3.0.0'] as object)
  t.ok(validate(ASYNCAPI), JSON.stringify(validate.errors))
})

t.test('the OpenAPI document describes every route, and no other', async t => {
  const app = Fastify()
  const routes: string[] = []
  app.addHook('onRoute', ({ method, url }) => {
    // A route for several methods answers 405.
    if (typeof method === 'string') routes.push(`${method.toLowerCase()} ${url.replace(/:(\w+)/, '{$1}')}`)
  })
  await app.register(phraseRelay, { hub: createHub({ store: memoryStore(), bus: localBus() }) })
  t.teardown(() => app.close())
  const isFile = (route: string): boolean => route.includes(' /web/')
  const described = routes.filter((route) => !isFile(route) && (!route.startsWith('head') || OPERATIONS.has(route)))
  t.strictSame([...OPERATIONS.keys()].sort(), described.sort())
})

t.test('the descriptions name the server by its public URL, else by its prefix', async t => {
  const { url } = await startRelay(t, { PUBLIC_URL: 'https://relay.example/voice/' })
  t.match(await (await fetch(`${url}/openapi.json`)).json(), { servers: [{ url: 'https://relay.example/voice' }] })
  const app = Fastify()
  const hub = createHub({ store: memoryStore(), bus: localBus() })
  await app.register(phraseRelay, { hub, prefix: '/voice' })
  t.teardown(() => app.close())
  for (let n = 0; n < 2; n++) {
    t.match((await app.inject('/voice/openapi.json')).json(), { servers: [{ url: '/voice' }] })
  }
})

t.test('events of a stream are as described', async t => {
  const sandbox = await startSandbox(t)
  const { url } = await startAsking(t, sandbox.url, { ASK_AFTER_MS: 0, PUBLIC_URL: '' })
  const { json: { events } } = await submitTo(`${url}/tasks`, VALIDATE)
  const validatorOf = pointerCheck(ASYNCAPI)
  const stream = await watch(t, `${events}&until=done`)
  const names: Array<string | undefined> = []
  for (let name: string | undefined; name !== 'closing';) {
    const { id, event, data } = await stream.next()
    name = event
    names.push(name)
    const headers = { event, ...id !== '' && { id } }
    for (const [part, value] of Object.entries({ headers, payload: data })) {
      const validate = validatorOf(`#/components/messages/${name}/${part}`)
      t.ok(validate(value), `${name}: ${JSON.stringify(validate.errors)}`)
    }
  }
  t.strictSame(names, ['subscribed', 'task-overdue', 'phrase-ready', 'closing'])
})

t.test('a callback is as described', async t => {
  const { url } = await startRelay(t)
  const validate = pointerCheck(ASYNCAPI)('#/components/messages/callback/payload')
  for (const body of [phraseReady('a'), { code: 'x' }, {}]) {
    t.equal(validate(body), (await post(url, body)).status === 200)
  }
})
