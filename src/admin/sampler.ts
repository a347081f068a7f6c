import type { MetricValue, Registry } from 'prom-client'
import type { Sample } from '../../schemas/admin.ts'
import { measureLoopDelay } from './loop-delay.ts'
import { quantileBetween, type Buckets } from './quantile.ts'

/** Interval of the samples, in milliseconds. */
const SAMPLE_MS = 2000
// Fifteen minutes.
const MAX_SAMPLES = 450

/** Measurements of the last fifteen minutes of this process. */
export interface Sampler {
  /** Returns the samples after a time in milliseconds since 1970, oldest first. */
  after (time: number): Sample[]
  stop (): void
}

/**
 * Starts to sample the metrics of a relay and the delay of the event loop.
 *
 * @param intervalMs - time between samples, in milliseconds; the page expects the default, 2,000
 */
export function startSampler (registry: Registry, intervalMs = SAMPLE_MS): Sampler {
  const samples: Sample[] = []
  const loop = measureLoopDelay()
  let last: Reading | undefined
  const timer = setInterval(sample, intervalMs).unref()
  sample()

  async function sample (): Promise<void> {
    const now = await read(registry)
    if (last) samples.push({ at: Date.now(), ...compare(last, now), loopMax: loop.takeMax() })
    if (samples.length > MAX_SAMPLES) samples.shift()
    last = now
  }

  return {
    after: (time) => samples.slice(samples.findLastIndex(({ at }) => at <= time) + 1),
    stop () {
      clearInterval(timer)
      loop.stop()
    }
  }
}

/** Values of the metrics at one moment. */
interface Reading {
  readonly streams: number
  readonly callbacks: Callbacks
  readonly commit: Buckets
  readonly write: Buckets
}

type Callbacks = Pick<Sample, 'kept' | 'repeated' | 'quarantined' | 'refused' | 'failed'>

const KINDS: Readonly<Record<string, keyof Callbacks>> = {
  kept: 'kept',
  duplicate: 'repeated',
  quarantined: 'quarantined',
  INTERNAL: 'failed',
  STORE_UNAVAILABLE: 'failed',
  QUARANTINE_FULL: 'failed'
}

/** Resolves with the number of open streams. */
export async function openStreams (registry: Registry): Promise<number> {
  const [streams] = await valuesOf(registry, 'relay_streams_open')
  return streams?.value ?? 0
}

/** Resolves with the numbers of callbacks by outcome, without outcomes that never happened. */
export async function callbacksByOutcome (registry: Registry): Promise<Record<string, number>> {
  const outcomes = await valuesOf(registry, 'relay_callbacks_total')
  return Object.fromEntries(outcomes.filter(({ value }) => value > 0).map(({ labels, value }) => {
    return [String(labels['outcome']), value]
  }))
}

async function valuesOf (registry: Registry, name: string): Promise<Array<MetricValue<string>>> {
  return (await registry.getSingleMetric(name)?.get())?.values ?? []
}

async function read (registry: Registry): Promise<Reading> {
  return {
    streams: await openStreams(registry),
    callbacks: sum(await callbacksByOutcome(registry)),
    commit: toBuckets(await valuesOf(registry, 'relay_commit_seconds')),
    write: toBuckets(await valuesOf(registry, 'relay_first_write_seconds'))
  }
}

function sum (outcomes: Readonly<Record<string, number>>): Callbacks {
  const sums = { kept: 0, repeated: 0, quarantined: 0, refused: 0, failed: 0 }
  for (const [outcome, count] of Object.entries(outcomes)) sums[KINDS[outcome] ?? 'refused'] += count
  return sums
}

/** Returns the buckets of a histogram, with their bounds in milliseconds. */
function toBuckets (values: ReadonlyArray<MetricValue<string>>): Buckets {
  const buckets = values.filter(({ labels }) => 'le' in labels)
  return new Map(buckets.map(({ labels: { le }, value }) => [le === '+Inf' ? Infinity : Number(le) * 1000, value]))
}

function compare (before: Reading, now: Reading): Omit<Sample, 'at' | 'loopMax'> {
  const growth = (kind: keyof Callbacks): number => now.callbacks[kind] - before.callbacks[kind]
  return {
    streams: now.streams,
    kept: growth('kept'),
    repeated: growth('repeated'),
    quarantined: growth('quarantined'),
    refused: growth('refused'),
    failed: growth('failed'),
    commitP50: quantileBetween(before.commit, now.commit, 0.5),
    commitP99: quantileBetween(before.commit, now.commit, 0.99),
    writeP50: quantileBetween(before.write, now.write, 0.5),
    writeP99: quantileBetween(before.write, now.write, 0.99)
  }
}
