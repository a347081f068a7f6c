import t from 'tap'
import { storeConformance } from '../../../src/conformance/index.ts'
import { startRedis, skipRedis } from '../../support/redis.ts'
import { DEBUG_CONFIG, redisHistory } from '../../support/redis-history.ts'

if (skipRedis) t.plan(0, skipRedis)
else {
  const { url, command, info } = await startRedis(t, { config: { ...DEBUG_CONFIG, appendfsync: 'always' } })
  // Debian 12 and Ubuntu 24.04 have Redis 7.0.
  if (await command('COMMAND', 'INFO', 'WAITAOF') === '') t.plan(0, 'needs a server with WAITAOF, such as Valkey 8')
  else {
    storeConformance(t, 'redisStore that waits for the disk', (t) => redisHistory(t, url, { waitFsync: true }))
    t.test('its commits have waited for the disk', async t => {
      t.match(await info('cmdstat_waitaof'), /^calls=[1-9]/)
    })
  }
}
