import { Counter, Gauge, type Registry } from 'prom-client'
import type { LinkName, RedisObserver } from './redis/connections.ts'

const LINKS: readonly LinkName[] = ['write', 'read', 'news']

/** The part of a logger that the report writes to. */
export interface Log {
  info (details: object, message: string): void
  warn (details: object, message: string): void
}

/** Returns an observer that writes what happens to the connections to Redis to the log and the metrics. */
export function reportRedis (registry: Registry, log: Log): RedisObserver {
  const registers = [registry]
  const up = new Gauge({
    name: 'relay_redis_up', help: 'Whether the connection has a primary', labelNames: ['link'], registers
  })
  const losses = new Counter({
    name: 'relay_redis_losses_total', help: 'Connections to a primary that were lost', labelNames: ['link'], registers
  })
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers })
  const missed = counter('relay_redis_news_missed_total', 'Times at which news may have been missed')
  const forks = counter('relay_redis_forks_total', 'Restarts and failovers after which ids have another epoch')
  const short = counter('relay_redis_waits_short_total', 'Commits that too few replicas or disks had in time')
  for (const link of LINKS) {
    up.set({ link }, 0)
    losses.inc({ link }, 0)
  }

  return {
    found (link, { host, port }, ms) {
      up.set({ link }, 1)
      log.info({ link, host, port, ms }, 'Redis found')
    },
    lost (link, reason) {
      up.set({ link }, 0)
      losses.inc({ link })
      log.warn({ link, reason }, 'Redis lost')
    },
    missed () { missed.inc() },
    forked (epoch) {
      forks.inc()
      log.warn({ epoch }, 'Redis restarted or failed over: new events have another epoch')
    },
    waitedShort () { short.inc() }
  }
}
