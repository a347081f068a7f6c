import { Registry } from 'prom-client'
import t from 'tap'
import { reportRedis } from '../src/redis-report.ts'

t.test('reportRedis() writes what happens to the connections to the log and the metrics', async t => {
  const lines: unknown[] = []
  const log = {
    info: (details: object, message: string) => { lines.push(['info', message, details]) },
    warn: (details: object, message: string) => { lines.push(['warn', message, details]) }
  }
  const registry = new Registry()
  const observer = reportRedis(registry, log)
  const metrics = async (): Promise<string> => {
    return (await registry.metrics()).split('\n').filter((line) => line && !line.startsWith('#')).join('\n')
  }
  t.notMatch(await metrics(), / [^0]$/m)

  observer.found?.('write', { host: 'redis-1', port: 6379 }, 12)
  observer.found?.('news', { host: 'redis-1', port: 6379 }, 12)
  observer.lost?.('news', 'the connection ended')
  observer.missed?.()
  observer.forked?.('life-fork')
  observer.waitedShort?.(0)

  t.equal(await metrics(), `relay_redis_up{link="write"} 1
relay_redis_up{link="read"} 0
relay_redis_up{link="news"} 0
relay_redis_losses_total{link="write"} 0
relay_redis_losses_total{link="read"} 0
relay_redis_losses_total{link="news"} 1
relay_redis_news_missed_total 1
relay_redis_forks_total 1
relay_redis_waits_short_total 1`)
  t.strictSame(lines, [
    ['info', 'Redis found', { link: 'write', host: 'redis-1', port: 6379, ms: 12 }],
    ['info', 'Redis found', { link: 'news', host: 'redis-1', port: 6379, ms: 12 }],
    ['warn', 'Redis lost', { link: 'news', reason: 'the connection ended' }],
    ['warn', 'Redis restarted or failed over: new events have another epoch', { epoch: 'life-fork' }]
  ])
})
