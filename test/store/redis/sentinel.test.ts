import t from 'tap'
import { busConformance, storeConformance } from '../../../src/conformance/index.ts'
import { skipRedis } from '../../support/redis.ts'
import { startSentinels } from '../../support/redis-fleets.ts'
import { busBackend, DEBUG_CONFIG, redisHistory } from '../../support/redis-history.ts'

if (skipRedis) t.plan(0, skipRedis)
else {
  // Bodies of 16 MiB keep a busy machine from its answers for seconds.
  const fleet = await startSentinels(t, DEBUG_CONFIG, 60_000)
  storeConformance(t, 'redisStore behind Sentinels', (t) => redisHistory(t, fleet.url, { waitReplicas: 2 }))
  busConformance(t, 'redisBus behind Sentinels', () => busBackend(t, fleet.url, fleet.servers))
}
