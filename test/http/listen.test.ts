import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { toListenError } from '../../src/http/listen.ts'
import { createRelay } from '../../src/index.ts'

t.test('a port in use is named with its cure', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const relay = await createRelay({ PORT: port, STORE_URL: 'memory:', LOG_LEVEL: 'silent' })
  t.teardown(() => relay.close())
  const message = `Cannot listen: PORT is ${port}, which is in use on "127.0.0.1", expected a free port, or 0 for any`
  await t.rejects(relay.listen(), { name: 'RangeError', message })
})

const FACTS: Readonly<Record<string, RegExp>> = {
  EACCES: /^Cannot listen: PORT is 80, which needs privileges/,
  EADDRNOTAVAIL: /^Cannot listen: HOST is "relay\.example", not an address of this machine/,
  ENOTFOUND: /^Cannot listen: HOST is "relay\.example", which does not resolve/,
  EAI_AGAIN: /^Cannot listen: HOST is "relay\.example", which does not resolve/
}

for (const [code, message] of Object.entries(FACTS)) {
  t.test(`toListenError() explains ${code}`, async t => {
    const error = Object.assign(new Error(code), { code })
    t.match(toListenError(error, { host: 'relay.example', port: 80 }), { message, cause: error })
  })
}

t.test('toListenError() keeps other errors', async t => {
  const error = new Error('other')
  t.equal(toListenError(error, { host: 'relay.example', port: 80 }), error)
})
