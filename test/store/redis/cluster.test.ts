import t from 'tap'
import { busConformance, storeConformance } from '../../../src/conformance/index.ts'
import { skipRedis } from '../../support/redis.ts'
import { startCluster } from '../../support/redis-fleets.ts'
import { busBackend, DEBUG_CONFIG, redisHistory } from '../../support/redis-history.ts'

if (skipRedis) t.plan(0, skipRedis)
else {
  // Bodies of 16 MiB keep a busy machine from its answers for seconds.
  const fleet = await startCluster(t, { ...DEBUG_CONFIG, 'cluster-node-timeout': '60000' })
  storeConformance(t, 'redisStore in a Cluster', (t) => redisHistory(t, fleet.url, { waitReplicas: 1 }))
  busConformance(t, 'redisBus in a Cluster', () => busBackend(t, fleet.url, fleet.servers))
}
