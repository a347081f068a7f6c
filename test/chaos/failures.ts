import { setTimeout as delay } from 'node:timers/promises'
import type { TestCluster, TestFleet } from '../support/redis-fleets.ts'
import type { TestRedis } from '../support/redis.ts'
import type { Relays } from './relays.ts'

/** Redis of a round, and the relays on it. */
export interface Setup {
  /** The server; with a Sentinel or Cluster, that one which was started first. */
  readonly redis: TestRedis
  readonly fleet: TestFleet
  readonly relays: Relays
}

/** Kinds of deployments. */
export type Deployment = 'everysec' | 'always' | 'sentinel' | 'cluster'

/** A way to fail. */
export interface Failure {
  readonly name: string
  readonly deployment: Deployment
  readonly waitReplicas: number
  /** Whether acknowledged events may be lost. */
  readonly mayLose: boolean
  /** Lets the deployment fail; calls `mark` at the moment from which callbacks may fail. */
  inject (setup: Setup, mark: () => void): Promise<void>
}

const CUT_MS = 800
const OLD_PRIMARY_MS = 500
const FULL_MS = 1500

type Inject = Failure['inject']

function on (deployment: Deployment, waitReplicas = 0) {
  return (name: string, inject: Inject, mayLose = false): Failure => {
    return { name, deployment, waitReplicas, mayLose, inject }
  }
}

const restart: Inject = async ({ redis }, mark) => {
  mark()
  await redis.restart()
}

const command = (...words: string[]): Inject => async ({ redis }, mark) => {
  mark()
  await redis.command(...words)
}

const fillMemory: Inject = async ({ redis }, mark) => {
  await redis.command('CONFIG', 'SET', 'maxmemory', '1')
  await delay(FULL_MS)
  mark()
  await redis.command('CONFIG', 'SET', 'maxmemory', '0')
}

const killRelay: Inject = async ({ relays }, mark) => {
  mark()
  await relays.restart(0)
}

const killPrimary: Inject = async ({ fleet }, mark) => {
  const old = await fleet.primary()
  mark()
  await old.kill()
  const primary = await fleet.failedOver(old)
  await old.start()
  await rejoin(fleet, primary)
}

const freezePrimary: Inject = async ({ fleet }, mark) => {
  const old = await fleet.primary()
  mark()
  old.freeze()
  const primary = await fleet.failedOver(old)
  old.thaw()
  // It takes commands until it is demoted.
  await delay(OLD_PRIMARY_MS)
  await rejoin(fleet, primary)
}

const cutAndKill: Inject = async ({ fleet }, mark) => {
  const old = await fleet.primary()
  for (const replica of await fleet.replicas()) await replica.cutOff()
  await delay(CUT_MS)
  mark()
  await old.kill()
  const primary = await fleet.failedOver(old)
  await old.start()
  await rejoin(fleet, primary)
}

/** Makes the other servers replicas of the primary, as Sentinels do some ten seconds later. */
async function rejoin (fleet: TestFleet, primary: TestRedis): Promise<void> {
  if (!('slot' in fleet)) {
    for (const server of fleet.servers) if (server !== primary) await server.replicaOf(primary.port)
  }
  await fleet.healed()
}

const failOver: Inject = async ({ fleet }, mark) => {
  const old = await fleet.primary()
  const [replica] = await fleet.replicas()
  mark()
  await replica?.command('CLUSTER', 'FAILOVER')
  await fleet.failedOver(old)
  await fleet.healed()
}

const moveSlot: Inject = async ({ fleet }, mark) => {
  const { primary, primaryOf, slot } = fleet as TestCluster
  const source = await primary()
  const owners = await Promise.all([0, 6000, 12_000].map(primaryOf))
  const target = owners.find((one) => one !== source) as TestRedis
  const [sourceId, targetId] = await Promise.all([source, target].map((one) => one.command('CLUSTER', 'MYID')))
  const set = (one: TestRedis, ...words: string[]) => one.command('CLUSTER', 'SETSLOT', String(slot), ...words)
  mark()
  await set(target, 'IMPORTING', sourceId as string)
  await set(source, 'MIGRATING', targetId as string)
  for (;;) {
    const keys = (await source.command('CLUSTER', 'GETKEYSINSLOT', String(slot), '100')).split('\n').filter(Boolean)
    if (keys.length === 0) break
    await source.command('MIGRATE', '127.0.0.1', String(target.port), '', '0', '5000', 'KEYS', ...keys)
  }
  for (const one of [target, source, ...owners]) await set(one, 'NODE', targetId as string)
}

const [single, always, sentinel, sentinelWait, cluster] = [
  on('everysec'), on('always'), on('sentinel'), on('sentinel', 1), on('cluster')
]

/** All failures, those of one deployment in a row. */
export const FAILURES: readonly Failure[] = [
  single('restart, everysec', restart),
  single('SCRIPT FLUSH', command('SCRIPT', 'FLUSH')),
  single('CLIENT KILL pubsub', command('CLIENT', 'KILL', 'TYPE', 'pubsub')),
  single('CLIENT KILL normal', command('CLIENT', 'KILL', 'TYPE', 'normal')),
  single('maxmemory', fillMemory),
  single('kill a relay', killRelay),
  single('FLUSHALL', command('FLUSHALL'), true),
  always('restart, always', restart),
  sentinel('Sentinel, kill', killPrimary),
  sentinel('Sentinel, replicas cut, kill, WAIT 0', cutAndKill, true),
  sentinelWait('Sentinel, kill, WAIT 1', killPrimary),
  sentinelWait('Sentinel, freeze, WAIT 1', freezePrimary),
  sentinelWait('Sentinel, replicas cut, kill, WAIT 1', cutAndKill),
  cluster('Cluster, kill', killPrimary),
  cluster('Cluster, manual failover', failOver),
  cluster('Cluster, slot moved', moveSlot)
]
