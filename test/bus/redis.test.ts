import t from 'tap'
import { redisBus } from '../../src/bus/redis.ts'
import { busConformance } from '../../src/conformance/index.ts'
import { startRedis, skipRedis } from '../support/redis.ts'
import { addressOf, connectionsTo, randomPrefix } from '../support/redis-history.ts'

if (skipRedis) t.plan(0, skipRedis)
else {
  const server = await startRedis(t)
  busConformance(t, 'redisBus', () => {
    const prefix = randomPrefix()
    return {
      shared: true,
      open: () => redisBus(connectionsTo(t, addressOf(server), { prefix })),
      async cut () { await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub') }
    }
  })
}
