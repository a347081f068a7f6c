import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import type { TestHistory } from '../../src/conformance/index.ts'
import type { RedisAddress } from '../../src/redis/address.ts'
import { redisConnections, type RedisConnections, type RedisOptions } from '../../src/redis/connections.ts'
import { redisStore, type RedisStoreOptions } from '../../src/store/redis/store.ts'
import type { Lifetime, TestRedis } from './redis.ts'

/** Configuration of a server whose replication id a test may change. */
export const DEBUG_CONFIG = { 'enable-debug-command': 'yes' }

export function randomPrefix (): string {
  return `test-${randomBytes(6).toString('hex')}`
}

/** Returns the address of a server. */
export function addressOf ({ port }: { port: number }): RedisAddress {
  return { places: [{ host: '127.0.0.1', port }] }
}

/** Creates the connections of a node, under a prefix of their own. They are closed with the test. */
export function connectionsTo (
  t: Lifetime, address: RedisAddress, options: Partial<RedisOptions> = {}
): RedisConnections {
  const connections = redisConnections({ address, prefix: randomPrefix(), ...options })
  t.teardown(() => { connections.close() })
  return connections
}

/** A history on a Redis that other tests use, too. Its server must permit `DEBUG`. */
export function redisHistory (t: Lifetime, server: TestRedis, options: RedisStoreOptions = {}): TestHistory {
  const address = addressOf(server)
  const prefix = randomPrefix()
  const keys = `{${prefix}}:*`

  async function admin<T> (work: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(server.port, { protocol: 2, disableClientInfo: true })
    try {
      return await work(client)
    } finally {
      client.disconnect()
    }
  }

  // As each restart and each failover does.
  const changeId = (client: Redis): Promise<unknown> => client.call('DEBUG', 'CHANGE-REPL-ID')

  t.teardown(() => admin(async (client) => {
    const names = await client.keys(keys)
    if (names.length > 0) await client.unlink(names)
  }))

  return {
    durable: true,
    shared: true,
    // Cases with bodies of 16 MiB take seconds on a busy machine.
    open: (given) => redisStore(redisConnections({ address, prefix, timeoutMs: 60_000 }), { ...options, ...given }),
    fork: () => admin(async (client) => { await changeId(client) }),
    copy: () => admin(async (client) => {
      const names = await client.keys(keys)
      const values = await Promise.all(names.map((name) => client.dumpBuffer(name)))
      return () => admin(async (client) => {
        const now = await client.keys(keys)
        await client.unlink(now)
        for (const [i, name] of names.entries()) await client.restore(name, 0, values[i] as Buffer)
        await changeId(client)
      })
    })
  }
}
