import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { EventName } from '../schemas/event.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]
const GROUP_SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 512]

/** What is counted and timed; nothing in it names a task, an address or a secret. */
export interface Metrics {
  readonly registry: Registry
  /** A callback was answered: `kept`, `duplicate`, `quarantined`, or the code of the problem that it was answered with. */
  callback (outcome: string): void
  /** An event was kept. */
  event (name: EventName): void
  /** An event was durable so long after it was accepted, in milliseconds. */
  committed (ms: number): void
  /** An event was written to the first streams so long after it was accepted, in milliseconds. */
  delivered (ms: number): void
  /** So many events went into one commit. */
  group (size: number): void
  /** A stream was opened. */
  opened (): void
  /** A stream has ended. */
  ended (): void
  /** A stream was ended because its reader took nothing. */
  slow (): void
}

/** Makes metrics that are all at zero. */
export function createMetrics (): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const callbacks = new Counter({ name: 'relay_callbacks_total', help: 'Callbacks by outcome', labelNames: ['outcome'], registers })
  const events = new Counter({ name: 'relay_events_total', help: 'Kept events by name', labelNames: ['event'], registers })
  const commit = new Histogram({ name: 'relay_commit_seconds', help: 'From accepting a callback to its commit', buckets: SECONDS, registers })
  const write = new Histogram({ name: 'relay_first_write_seconds', help: 'From accepting a callback to the first write to a stream', buckets: SECONDS, registers })
  const groups = new Histogram({ name: 'relay_commit_group_size', help: 'Events in one commit', buckets: GROUP_SIZES, registers })
  const streams = new Gauge({ name: 'relay_streams_open', help: 'Open streams', registers })
  const slow = new Counter({ name: 'relay_slow_streams_total', help: 'Streams ended because their reader took nothing', registers })

  return {
    registry,
    callback (outcome) { callbacks.inc({ outcome }) },
    event (event) { events.inc({ event }) },
    committed (ms) { commit.observe(ms / 1000) },
    delivered (ms) { write.observe(ms / 1000) },
    group (size) { groups.observe(size) },
    opened () { streams.inc() },
    ended () { streams.dec() },
    slow () { slow.inc() }
  }
}
