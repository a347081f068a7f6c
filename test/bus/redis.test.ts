import t from 'tap'
import { busConformance } from '../../src/conformance/index.ts'
import { startRedis, skipRedis } from '../support/redis.ts'
import { busBackend } from '../support/redis-history.ts'

if (skipRedis) t.plan(0, skipRedis)
else {
  const server = await startRedis(t)
  busConformance(t, 'redisBus', () => busBackend(t, server.url, [server]))
}
