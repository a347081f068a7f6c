import { once } from 'node:events'
import t from 'tap'
import { redisBus } from '../../src/bus/redis.ts'
import type { News } from '../../src/bus/bus.ts'
import { busConformance } from '../../src/conformance/index.ts'
import type { RedisObserver } from '../../src/redis/connections.ts'
import { startRedis, skipRedis } from '../support/redis.ts'
import { busBackend, connectionsTo, randomPrefix } from '../support/redis-history.ts'

const NEWS: News = { taskId: 'a', seq: 1, id: 'life-fork.1', event: 'task-update', data: '{}' }

/** An observer that makes events of what it hears. */
function observe () {
  const events = new EventTarget()
  const reasons: string[] = []
  const observer: RedisObserver = {
    lost (link, reason) {
      reasons.push(`${link}: ${reason}`)
      events.dispatchEvent(new Event(`${link} lost`))
    },
    missed () { events.dispatchEvent(new Event('missed')) }
  }
  return { events, reasons, observer }
}

if (skipRedis) t.plan(0, skipRedis)
else {
  const server = await startRedis(t)
  busConformance(t, 'redisBus', () => busBackend(t, server.url, [server]))

  t.test('a bus that does not hear itself connects again', async t => {
    const server = await startRedis(t)
    const { events, reasons, observer } = observe()
    const bus = redisBus(connectionsTo(t, server.url, { observer }))
    t.teardown(() => bus.close())
    const heard = new EventTarget()
    await bus.subscribe('a', () => { heard.dispatchEvent(new Event('news')) })
    const [lost, missed] = [once(events, 'news lost'), once(events, 'missed')]
    await server.command('ACL', 'SETUSER', 'default', '-spublish')
    await lost
    t.strictSame(reasons, ['news: the node did not hear itself', 'read: the node did not hear itself'])
    await server.command('ACL', 'SETUSER', 'default', '+spublish')
    await missed
    const news = once(heard, 'news')
    await bus.publish(NEWS)
    await news
  })

  t.test('a bus goes on hearing itself', async t => {
    const { reasons, observer } = observe()
    const prefix = randomPrefix()
    const bus = redisBus(connectionsTo(t, server.url, { observer, prefix }))
    t.teardown(() => bus.close())
    await bus.subscribe('a', () => {})
    const ear = connectionsTo(t, server.url, { prefix })
    const ticks = new EventTarget()
    const [channel = ''] = (await server.command('PUBSUB', 'SHARDCHANNELS', `{${prefix}}:tick:*`)).split('\n')
    await ear.link('news', async (client) => {
      client.on('smessage', () => { ticks.dispatchEvent(new Event('tick')) })
      await client.ssubscribe(channel)
    }).use(async () => {})
    for (let n = 0; n < 5; n++) await once(ticks, 'tick')
    t.strictSame(reasons, [])
  })

  t.test('subscribe() rejects for all its callers without a server, and later works', async t => {
    const server = await startRedis(t)
    const bus = redisBus(connectionsTo(t, server.url, { timeoutMs: 2000 }))
    t.teardown(() => bus.close())
    await bus.subscribe('other', () => {})
    await server.kill()
    const both = [bus.subscribe('a', () => {}), bus.subscribe('a', () => {})]
    for (const one of both) await t.rejects(one, { code: 'STORE_UNAVAILABLE' })
    await t.rejects(bus.publish(NEWS), { code: 'STORE_UNAVAILABLE' })
    await server.start()
    const heard = new EventTarget()
    await bus.subscribe('a', () => { heard.dispatchEvent(new Event('news')) })
    const news = once(heard, 'news')
    await bus.publish(NEWS)
    await news
  })

  t.test('unsubscribe() without a server ends the subscription for good', async t => {
    const server = await startRedis(t)
    const { events, observer } = observe()
    const prefix = randomPrefix()
    const bus = redisBus(connectionsTo(t, server.url, { observer, prefix }))
    t.teardown(() => bus.close())
    const unsubscribe = await bus.subscribe('a', () => {})
    const [lost, missed] = [once(events, 'news lost'), once(events, 'missed')]
    await server.kill()
    await lost
    unsubscribe()
    await server.start()
    await missed
    t.equal(await server.command('PUBSUB', 'SHARDCHANNELS', `{${prefix}}:n:*`), '')
  })
}
