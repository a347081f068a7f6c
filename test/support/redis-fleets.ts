import { startRedis, until, type Lifetime, type RedisConfig, type TestRedis } from './redis.ts'
import { freePort } from './port.ts'

/** Time after which Sentinels and a Cluster take a server for dead, in milliseconds. */
export const DOWN_AFTER_MS = 1500

const SENTINEL_NAME = 'relay'
const QUORUM = 2
const SLOTS = 16_384

/** Several servers, one of which is the primary of the keys `{relay}:…`. */
export interface TestFleet {
  /** `STORE_URL` of the fleet. */
  readonly url: string
  readonly servers: readonly TestRedis[]
  /** Resolves with the primary; waits for one. */
  primary (): Promise<TestRedis>
  /** Resolves with the replicas of the primary that are connected. */
  replicas (): Promise<TestRedis[]>
  /** Resolves when the primary is another one than `old`. */
  failedOver (old: TestRedis): Promise<TestRedis>
  /** Resolves when the primary has all its replicas, `old` included. */
  healed (): Promise<void>
}

/** A primary and two replicas, with three Sentinels. */
export interface TestSentinels extends TestFleet {
  readonly sentinels: readonly TestRedis[]
}

/** A Cluster of three primaries, with one replica each. */
export interface TestCluster extends TestFleet {
  /** Resolves with the primary of a slot. */
  primaryOf (slot: number): Promise<TestRedis>
  /** Slot of the keys `{relay}:…`. */
  readonly slot: number
}

/** Starts a primary, two replicas and three Sentinels, which fail over. They end with `t`. */
export async function startSentinels (
  t: Lifetime, config: RedisConfig = {}, downAfterMs = DOWN_AFTER_MS
): Promise<TestSentinels> {
  const first = await startRedis(t, { config })
  const replica = { config: { ...config, replicaof: `127.0.0.1 ${first.port}` } }
  const servers = [first, ...await Promise.all([startRedis(t, replica), startRedis(t, replica)])]
  await until(() => hasReplicas(first, 2))
  const lines = [
    `sentinel monitor ${SENTINEL_NAME} 127.0.0.1 ${first.port} ${QUORUM}`,
    `sentinel down-after-milliseconds ${SENTINEL_NAME} ${downAfterMs}`,
    `sentinel failover-timeout ${SENTINEL_NAME} 5000`
  ]
  const sentinels = await Promise.all([1, 2, 3].map(() => startRedis(t, { sentinel: true, lines })))
  const [sentinel] = sentinels as [TestRedis]
  for (const one of sentinels) await until(() => knowsAll(one))

  async function find (): Promise<TestRedis | undefined> {
    const [, port] = (await sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', SENTINEL_NAME)).split('\n')
    return primaryAt(servers, Number(port))
  }
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')
  return { ...fleet(servers, find, 2), sentinels, url: `redis+sentinel://${hosts}/${SENTINEL_NAME}` }
}

/** Whether a Sentinel knows the replicas and the other Sentinels. */
async function knowsAll (sentinel: TestRedis): Promise<boolean> {
  const words = (await sentinel.command('SENTINEL', 'MASTER', SENTINEL_NAME)).split('\n')
  const value = (name: string): string | undefined => words[words.indexOf(name) + 1]
  return value('num-slaves') === '2' && value('num-other-sentinels') === '2' && value('flags') === 'master'
}

/** Starts a Cluster of three primaries with a replica each, which fails over after 1.5 s. It ends with `t`. */
export async function startCluster (t: Lifetime, config: RedisConfig = {}): Promise<TestCluster> {
  const servers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => startClusterNode(t, config)))
  const [seed] = servers as [TestRedis]
  const primaries = servers.slice(0, 3)
  for (const [n, primary] of primaries.entries()) {
    const [from, to] = [n, n + 1].map((third) => Math.ceil(third * SLOTS / 3)) as [number, number]
    await primary.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to - 1))
  }
  for (const [n, server] of servers.entries()) {
    await server.command('CLUSTER', 'SET-CONFIG-EPOCH', String(n + 1))
    const bus = (await server.command('CONFIG', 'GET', 'cluster-port')).split('\n')[1] as string
    if (server !== seed) await seed.command('CLUSTER', 'MEET', '127.0.0.1', String(server.port), bus)
  }
  for (const [n, server] of servers.slice(3).entries()) {
    const id = await (primaries[n] as TestRedis).command('CLUSTER', 'MYID')
    await until(async () => await server.command('CLUSTER', 'REPLICATE', id) === 'OK')
  }
  for (const primary of primaries) await until(() => hasReplicas(primary, 1))
  for (const one of servers) await until(async () => await one.info('cluster_enabled') === '1' && await isOk(one))
  const slot = Number(await seed.command('CLUSTER', 'KEYSLOT', '{relay}:'))

  async function primaryOf (slot: number): Promise<TestRedis> {
    let found: TestRedis | undefined
    await until(async () => (found = await ownerOf(servers, slot)) !== undefined)
    return found as TestRedis
  }
  const hosts = servers.map(({ port }) => `127.0.0.1:${port}`).join(',')
  return { ...fleet(servers, () => ownerOf(servers, slot), 1), primaryOf, slot, url: `redis://${hosts}` }
}

async function startClusterNode (t: Lifetime, config: RedisConfig): Promise<TestRedis> {
  const own = {
    'cluster-enabled': 'yes',
    'cluster-node-timeout': String(DOWN_AFTER_MS),
    // By default it is the port + 10000, which may be one that the system gives out.
    'cluster-port': String(await freePort())
  }
  return startRedis(t, { config: { ...own, ...config } })
}

async function isOk (server: TestRedis): Promise<boolean> {
  return /cluster_state:ok/.test(await server.command('CLUSTER', 'INFO'))
}

/** The server that says of itself that it is the primary of a slot, and has the highest epoch that does. */
async function ownerOf (servers: readonly TestRedis[], slot: number): Promise<TestRedis | undefined> {
  const claims = await Promise.all(servers.map(async (server) => {
    const nodes = await server.command('CLUSTER', 'NODES').catch(() => '')
    const own = nodes.split('\n').find((line) => line.includes('myself')) ?? ''
    const [, , , , , , epoch, , ...ranges] = own.split(' ')
    const owns = ranges.some((range) => {
      const [from, to = from] = range.split('-').map(Number) as [number, number?]
      return slot >= from && slot <= to
    })
    return owns && own.includes('master') ? [{ server, epoch: Number(epoch) }] : []
  }))
  return claims.flat().sort((a, b) => b.epoch - a.epoch)[0]?.server
}

async function primaryAt (servers: readonly TestRedis[], port: number): Promise<TestRedis | undefined> {
  const server = servers.find((one) => one.port === port)
  return await server?.info('role') === 'master' ? server : undefined
}

/** Whether a primary has as many replicas that are up to date. */
async function hasReplicas (server: TestRedis, count: number): Promise<boolean> {
  const text = await server.command('INFO', 'replication')
  return (text.match(/^slave\d+:.*state=online/gm) ?? []).length === count
}

function fleet (servers: readonly TestRedis[], find: () => Promise<TestRedis | undefined>, count: number) {
  async function primary (): Promise<TestRedis> {
    let found: TestRedis | undefined
    await until(async () => (found = await find()) !== undefined)
    return found as TestRedis
  }

  return {
    servers,
    primary,
    async replicas () {
      const text = await (await primary()).command('INFO', 'replication')
      const ports = [...text.matchAll(/^slave\d+:ip=.*?,port=(\d+),state=online/gm)].map(([, port]) => Number(port))
      return servers.filter(({ port }) => ports.includes(port))
    },
    async failedOver (old: TestRedis) {
      let found: TestRedis | undefined
      await until(async () => (found = await find()) !== undefined && found !== old)
      return found as TestRedis
    },
    async healed () {
      await until(async () => hasReplicas(await primary(), count), 60_000)
    }
  }
}
