import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Step } from '../schemas/callback.ts'
import { EventNameSchema, type EventName } from '../schemas/event.ts'
import { VERSION } from './version.ts'

/** Outcomes of a callback: how it was accepted, or the code of its problem. */
const OUTCOMES = [
  'kept', 'duplicate', 'quarantined', 'AUTH_FAILURES_EXCEEDED', 'BODY_NOT_JSON', 'BODY_TOO_LARGE',
  'CALLBACK_UNAUTHENTIC', 'CALLBACK_UNREADABLE', 'HOST_UNKNOWN', 'INTERNAL', 'MEDIA_TYPE_UNSUPPORTED',
  'METHOD_NOT_ALLOWED', 'NOT_FOUND', 'OVERLOADED', 'QUARANTINE_FULL', 'REQUEST_INVALID', 'STORE_UNAVAILABLE',
  'URL_TOO_LONG'
]

/** Reasons for which a stream or a task is not shown: the limit that is reached, or the code of the problem. */
const REFUSALS = [
  'MAX_STREAMS', 'MAX_STREAMS_PER_IP', 'MAX_STREAMS_PER_TASK', 'ticket-missing', 'ticket-expired', 'TICKET_INVALID',
  'TASK_FORBIDDEN', 'TASK_UNKNOWN', 'TASK_EXPIRED', 'DRAINING', 'NOT_ACCEPTABLE', 'REQUEST_INVALID',
  'STORE_UNAVAILABLE', 'INTERNAL'
]

const FAILED_QUESTIONS = ['busy', 'no-credits', 'refused', 'unauthorized', 'unreachable', 'unreadable']

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]
const OUTCOME_SECONDS = [5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600]
const GROUP_SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 512]

/** Counters and timers of a relay. They contain no task id, address or secret. */
export interface Metrics {
  readonly registry: Registry
  /** Counts an answered callback by outcome: `kept`, `duplicate`, `quarantined`, or the code of its problem. */
  callback (outcome: string): void
  /** Counts a kept event. */
  event (name: EventName): void
  /** Records the time from accepting an event to its durable commit, in milliseconds. */
  committed (ms: number): void
  /** Records the time from accepting an event to its first write to a stream, in milliseconds. */
  delivered (ms: number): void
  /** Records the number of events in one commit. */
  group (size: number): void
  /**
   * Counts an answered submission by outcome: `submitted`, `repeated`, `watched` for one that was made elsewhere, or
   * the code of its problem.
   */
  submission (outcome: string): void
  /** Counts a question to Suno by its answer: the name of an event, or the meaning of a failure. */
  question (answer: string): void
  /** Records the time from a submission to its outcome, in milliseconds; undefined if it is unknown. */
  settled (source: 'callback' | 'query', step: Step, ms: number | undefined): void
  /** Counts an opened stream. */
  opened (): void
  /** Counts an ended stream. */
  ended (): void
  /** Counts a stream that was ended because its reader read nothing. */
  slow (): void
  /** Counts a request for a stream or a task that was refused, by reason. */
  readRefused (reason: string): void
  /** Counts a connection that was refused because the limit of connections is reached. */
  connectionRefused (): void
}

/** Creates metrics that are all at zero. */
export function createMetrics (): Metrics {
  const registry = new Registry()
  const registers = [registry]

  function counter (name: string, help: string, ...labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers })
  }
  function gauge (name: string, help: string, ...labelNames: string[]): Gauge {
    return new Gauge({ name, help, labelNames, registers })
  }
  function histogram (name: string, help: string, buckets: number[], ...labelNames: string[]): Histogram {
    return new Histogram({ name, help, buckets, labelNames, registers })
  }

  const info = gauge('relay_build_info', 'Version of the relay; always 1', 'version')
  const callbacks = counter('relay_callbacks_total', 'Callbacks by outcome', 'outcome')
  const events = counter('relay_events_total', 'Kept events by name', 'event')
  const commit = histogram('relay_commit_seconds', 'Time from accepting a callback to its commit', SECONDS)
  const lastCommit = gauge('relay_last_commit_timestamp_seconds', 'Time of the last commit, in seconds since 1970')
  const write = histogram('relay_first_write_seconds', 'Time from accepting a callback to its first write', SECONDS)
  const groups = histogram('relay_commit_group_size', 'Events in one commit', GROUP_SIZES)
  const streams = gauge('relay_streams_open', 'Open streams')
  const slow = counter('relay_slow_streams_total', 'Streams ended because their reader read nothing')
  const refusals = counter('relay_reads_refused_total', 'Refused requests for streams and tasks by reason', 'reason')
  const refused = counter('relay_connections_refused_total', 'Connections refused at the limit of connections')
  const submissions = counter('relay_submissions_total', 'Submissions to Suno by outcome', 'outcome')
  const questions = counter('relay_questions_total', 'Questions to Suno by answer', 'answer')
  const settled = counter('relay_settled_total', 'Submissions with an outcome, by its source', 'source')
  const outcomes = histogram('relay_outcome_seconds', 'Time from a submission to its outcome', OUTCOME_SECONDS, 'step')
  info.set({ version: VERSION }, 1)
  // A rate needs a first value: a counter that starts at 1 shows no increase.
  for (const reason of REFUSALS) refusals.inc({ reason }, 0)
  for (const answer of FAILED_QUESTIONS) questions.inc({ answer }, 0)
  for (const source of ['callback', 'query']) settled.inc({ source }, 0)
  for (const outcome of OUTCOMES) callbacks.inc({ outcome }, 0)
  for (const { const: event } of EventNameSchema.anyOf) events.inc({ event }, 0)

  return {
    registry,
    callback (outcome) { callbacks.inc({ outcome }) },
    event (event) { events.inc({ event }) },
    committed (ms) {
      commit.observe(ms / 1000)
      lastCommit.setToCurrentTime()
    },
    delivered (ms) { write.observe(ms / 1000) },
    group (size) { groups.observe(size) },
    submission (outcome) { submissions.inc({ outcome }) },
    question (answer) { questions.inc({ answer }) },
    settled (source, step, ms) {
      settled.inc({ source })
      if (ms !== undefined) outcomes.observe({ step }, ms / 1000)
    },
    opened () { streams.inc() },
    ended () { streams.dec() },
    slow () { slow.inc() },
    readRefused (reason) { refusals.inc({ reason }) },
    connectionRefused () { refused.inc() }
  }
}
