import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { redisBus } from '../../../src/bus/redis.ts'
import { draft } from '../../../src/conformance/drafts.ts'
import { busConformance, storeConformance } from '../../../src/conformance/index.ts'
import { redisStore } from '../../../src/store/redis/store.ts'
import { skipRedis } from '../../support/redis.ts'
import { startCluster } from '../../support/redis-fleets.ts'
import { busBackend, connectionsTo, DEBUG_CONFIG, redisHistory } from '../../support/redis-history.ts'

if (skipRedis) t.plan(0, skipRedis)
else {
  // Bodies of 16 MiB keep a busy machine from its answers for seconds.
  const fleet = await startCluster(t, { ...DEBUG_CONFIG, 'cluster-node-timeout': '60000' })
  storeConformance(t, 'redisStore in a Cluster', (t) => redisHistory(t, fleet.url, { waitReplicas: 1 }))
  busConformance(t, 'redisBus in a Cluster', () => busBackend(t, fleet.url, fleet.servers))

  t.test('store and bus follow a slot that moves to another node', async t => {
    const connections = connectionsTo(t, fleet.url, { prefix: 'relay', timeoutMs: 30_000 })
    const bus = redisBus(connections)
    const store = await redisStore(connections)
    t.teardown(() => store.close())
    t.teardown(() => bus.close())
    const heard: string[] = []
    await bus.subscribe('a', ({ id }) => { heard.push(id) })
    const { event: one } = await store.append('a', draft('one'))
    const missed = new Promise<void>((resolve) => { bus.onMissed(resolve) })

    const source = await fleet.primary()
    const target = await fleet.primaryOf((fleet.slot + 8192) % 16_384)
    const [from, to] = [await source.command('CLUSTER', 'MYID'), await target.command('CLUSTER', 'MYID')]
    const slot = String(fleet.slot)
    await target.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from)
    await source.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to)
    const keys = (await source.command('CLUSTER', 'GETKEYSINSLOT', slot, '100')).split('\n')
    await source.command('MIGRATE', '127.0.0.1', String(target.port), '', '0', '5000', 'KEYS', ...keys)
    for (const node of [target, source]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', to)

    await missed
    const { event: two } = await store.append('a', draft('two'))
    t.strictSame(await store.read('a', one.id, 10), [two])
    while (heard.length < 2) await turn()
    t.strictSame(heard, [one.id, two.id])
  })
}
