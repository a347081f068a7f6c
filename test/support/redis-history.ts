import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { TestBackend, TestHistory } from '../../src/conformance/index.ts'
import { redisBus } from '../../src/bus/redis.ts'
import { parseRedisUrl } from '../../src/redis/address.ts'
import { redisConnections, type RedisConnections, type RedisOptions } from '../../src/redis/connections.ts'
import { primaryFinder } from '../../src/redis/find.ts'
import { redisStore, type RedisStoreOptions } from '../../src/store/redis/store.ts'
import type { Lifetime, TestRedis } from './redis.ts'

/** Configuration of a server whose replication id a test may change. */
export const DEBUG_CONFIG = { 'enable-debug-command': 'yes' }

export function randomPrefix (): string {
  return `test-${randomBytes(6).toString('hex')}`
}

/** Creates the connections of a node, under a prefix of their own. They are closed with the test. */
export function connectionsTo (
  t: Lifetime, url: string, options: Partial<RedisOptions> = {}
): RedisConnections {
  const connections = redisConnections({ address: parseRedisUrl(url), prefix: randomPrefix(), ...options })
  t.teardown(() => { connections.close() })
  return connections
}

/** A history on a Redis that other tests use, too. Its servers must permit `DEBUG`. */
export function redisHistory (t: Lifetime, url: string, options: RedisStoreOptions = {}): TestHistory {
  const address = parseRedisUrl(url)
  const prefix = randomPrefix()
  const keys = `{${prefix}}:*`
  const finder = primaryFinder(address, keys)

  /** Runs commands on the primary. */
  async function admin<T> (work: (client: Redis) => Promise<T>): Promise<T> {
    const { client } = await finder.find()
    try {
      return await work(client)
    } finally {
      client.disconnect()
    }
  }

  // As each restart and each failover does.
  const changeId = (client: Redis): Promise<unknown> => client.call('DEBUG', 'CHANGE-REPL-ID')

  async function remove (client: Redis): Promise<void> {
    const names = await client.keys(keys)
    if (names.length > 0) await client.unlink(names)
  }

  t.teardown(() => admin(remove))

  return {
    durable: true,
    shared: true,
    // More replicas than there are.
    openUncertain: () => redisStore(redisConnections({ address, prefix, timeoutMs: 1000 }), { waitReplicas: 9 }),
    // Cases with bodies of 16 MiB take seconds on a busy machine.
    open: (given) => redisStore(redisConnections({ address, prefix, timeoutMs: 240_000 }), { ...options, ...given }),
    fork: () => admin(async (client) => { await changeId(client) }),
    copy: () => admin(async (client) => {
      const names = await client.keys(keys)
      const values = await Promise.all(names.map((name) => client.dumpBuffer(name)))
      return () => admin(async (client) => {
        await remove(client)
        for (const [i, name] of names.entries()) await client.restore(name, 0, values[i] as Buffer)
        await changeId(client)
      })
    })
  }
}

/** A backend of buses on servers that other tests use, too. */
export function busBackend (t: Lifetime, url: string, servers: readonly TestRedis[]): TestBackend {
  const prefix = randomPrefix()
  return {
    shared: true,
    open: () => redisBus(connectionsTo(t, url, { prefix })),
    async cut () {
      for (const server of servers) await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    }
  }
}
