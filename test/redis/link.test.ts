import { once } from 'node:events'
import t from 'tap'
import { primaryFinder } from '../../src/redis/find.ts'
import { createLink, useTwice, type Link, type LinkOptions } from '../../src/redis/link.ts'
import type { Client } from '../../src/redis/client.ts'
import type { RedisAddress } from '../../src/redis/address.ts'
import { freePort } from '../support/port.ts'
import { startRedis, skipRedis, type Lifetime } from '../support/redis.ts'

const UNAVAILABLE = { code: 'STORE_UNAVAILABLE' }
const ping = (client: Client): Promise<string> => client.ping()

interface Seen {
  readonly link: Link
  readonly events: EventTarget
  readonly lost: string[]
  found: number
}

/** Creates a link that reports what happens to it. */
function open (t: Lifetime, address: RedisAddress, options: Partial<LinkOptions> = {}): Seen {
  const events = new EventTarget()
  const lost: string[] = []
  const link = createLink({
    finder: primaryFinder(address, '{relay}:'),
    timeoutMs: 2000,
    prepare: async () => {},
    onFound () {
      seen.found++
      events.dispatchEvent(new Event('found'))
    },
    onLost (reason) {
      lost.push(reason)
      events.dispatchEvent(new Event('lost'))
    },
    ...options
  })
  t.teardown(() => { link.close() })
  const seen: Seen = { link, events, lost, found: 0 }
  return seen
}

function at (port: number): RedisAddress {
  return { places: [{ host: '127.0.0.1', port }] }
}

if (skipRedis) t.plan(0, skipRedis)
else {
  t.test('use() runs work on the primary, and again after the connection was cut', async t => {
    const server = await startRedis(t)
    const seen = open(t, at(server.port))
    t.equal(await seen.link.use(ping), 'PONG')
    t.equal(seen.link.isUp, true)
    const lost = once(seen.events, 'lost')
    await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await lost
    t.equal(await seen.link.use(ping), 'PONG')
    t.strictSame([seen.found, seen.lost], [2, ['the connection ended']])
  })

  t.test('use() waits for a server that starts', async t => {
    const server = await startRedis(t)
    await server.kill()
    const { link, lost, events } = open(t, at(server.port), { timeoutMs: 30_000 })
    const isLost = once(events, 'lost')
    const answer = link.use(ping)
    // Else the server may be there before the first attempt.
    await isLost
    await server.start()
    t.equal(await answer, 'PONG')
    t.equal(lost.length, 1)
  })

  t.test('use() rejects with the reason when there is no server', async t => {
    const port = await freePort()
    const { link } = open(t, at(port), { timeoutMs: 200 })
    const error = await link.use(ping).catch((error: Error) => error) as Error
    t.match(error, { code: 'STORE_UNAVAILABLE', message: `found no primary within 200 ms: 127.0.0.1:${port}` })
    t.equal(link.isUp, false)
  })

  t.test('use() rejects when the server is frozen, and drops the connection', async t => {
    const server = await startRedis(t)
    const seen = open(t, at(server.port), { timeoutMs: 300 })
    await seen.link.use(ping)
    server.freeze()
    t.teardown(server.thaw)
    await t.rejects(seen.link.use(ping), UNAVAILABLE)
    t.strictSame([seen.link.isUp, seen.lost], [false, ['no answer within 300 ms']])
    const found = once(seen.events, 'found')
    server.thaw()
    await found
    t.equal(await seen.link.use(ping), 'PONG')
  })

  t.test('use() keeps the connection after an error of a command', async t => {
    const server = await startRedis(t)
    const seen = open(t, at(server.port))
    await t.rejects(seen.link.use((client) => client.call('NO-SUCH-COMMAND')), UNAVAILABLE)
    t.equal(await seen.link.use(ping), 'PONG')
    t.equal(seen.found, 1)
  })

  t.test('a replica is refused until it is the primary', async t => {
    const [primary, server] = [await startRedis(t), await startRedis(t)]
    await server.replicaOf(primary.port)
    const { link, events, lost } = open(t, at(server.port), { timeoutMs: 30_000 })
    await once(events, 'lost')
    t.match(lost[0], 'its role is slave')
    const answer = link.use(ping)
    await server.replicaOf(undefined)
    t.equal(await answer, 'PONG')
  })

  t.test('a demoted primary is dropped by the error of a write', async t => {
    const [primary, server] = [await startRedis(t), await startRedis(t)]
    const { link, events } = open(t, { places: [at(server.port), at(primary.port)].flatMap(({ places }) => places) })
    await link.use(ping)
    const write = (client: Client): Promise<unknown> => client.set('{relay}:x', '1')
    // Redis ends the connections of subscribers and of blocked clients only.
    await server.replicaOf(primary.port)
    const found = once(events, 'found')
    await t.rejects(link.use(write), UNAVAILABLE)
    await found
    t.equal(await link.use(write), 'OK')
  })

  t.test('useTwice() runs work again on another connection, and no other failure', async t => {
    const server = await startRedis(t)
    const { link } = open(t, at(server.port))
    let calls = 0
    async function fail (message: string, times: number): Promise<number> {
      calls++
      if (calls <= times) throw new Error(message)
      return calls
    }
    t.equal(await useTwice(link, () => fail('READONLY of an old primary', 1)), 2)
    calls = 0
    await t.rejects(useTwice(link, () => fail('ERR a fault', 1)), UNAVAILABLE)
    t.equal(calls, 1)
  })

  t.test('drop() finds the primary again', async t => {
    const server = await startRedis(t)
    const seen = open(t, at(server.port))
    seen.link.drop('nothing to drop yet')
    await seen.link.use(ping)
    seen.link.drop('a reason')
    t.equal(await seen.link.use(ping), 'PONG')
    t.strictSame([seen.found, seen.lost], [2, ['a reason']])
  })

  t.test('a connection that cannot be prepared is not used', async t => {
    const server = await startRedis(t)
    let attempts = 0
    const { link, lost } = open(t, at(server.port), {
      async prepare (client) {
        attempts++
        if (attempts === 1) throw new Error('not prepared')
        if (attempts > 2) return
        client.disconnect()
        await once(client, 'close')
      }
    })
    t.equal(await link.use(ping), 'PONG')
    t.strictSame([attempts, lost], [3, ['not prepared']])
  })

  t.test('close() ends the link for good, and the search for a primary', async t => {
    const server = await startRedis(t)
    const { link } = open(t, at(server.port))
    await link.use(ping)
    link.close()
    link.close()
    await t.rejects(link.use(ping), UNAVAILABLE)
    t.equal(link.isUp, false)
    const searching = open(t, at(await freePort()))
    const rejected = t.rejects(searching.link.use(ping), { message: 'Cannot use Redis: it is closed' })
    searching.link.close()
    await rejected
  })

  t.test('close() while the connection is prepared', async t => {
    const server = await startRedis(t)
    const { link } = open(t, at(server.port), { prepare: async () => { link.close() } })
    await t.rejects(link.use(ping), { message: 'Cannot use Redis: it is closed' })
  })

  t.test('a wrong password is the reason, and stays secret', async t => {
    const server = await startRedis(t, { config: { requirepass: 'right' }, cli: ['-a', 'right', '--no-auth-warning'] })
    const address = { ...at(server.port), password: 'wrong-secret' }
    const error = await open(t, address, { timeoutMs: 300 }).link.use(ping).catch((error: Error) => error) as Error
    t.match(error.message, 'WRONGPASS')
    t.notMatch(error.message, 'wrong-secret')
    t.equal(await open(t, { ...address, password: 'right' }).link.use(ping), 'PONG')
  })
}
