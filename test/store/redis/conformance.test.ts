import t from 'tap'
import { storeConformance } from '../../../src/conformance/index.ts'
import { startRedis, skipRedis } from '../../support/redis.ts'
import { DEBUG_CONFIG, redisHistory } from '../../support/redis-history.ts'

if (skipRedis) t.plan(0, skipRedis)
else {
  const { url } = await startRedis(t, { config: DEBUG_CONFIG })
  storeConformance(t, 'redisStore', (t) => redisHistory(t, url))
}
