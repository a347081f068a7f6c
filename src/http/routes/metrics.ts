import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { ProblemSchema } from '../../../schemas/problem.ts'
import type { Readiness } from '../../admin/readiness.ts'
import { known } from '../../admin/known.ts'
import { RelayError } from '../../errors.ts'
import type { Hub } from '../../hub/hub.ts'
import type { Metrics } from '../../metrics.ts'
import { isSameSecret } from '../../secrets.ts'

const PROCESS_MS = 1000

/** Options of the metrics route. */
export interface MetricsOptions {
  readonly hub: Hub
  readonly readiness: () => Promise<Readiness>
  readonly metrics: Metrics
  /** Token that readers send as `Authorization: Bearer`; empty: none is needed. */
  readonly token: string
}

// Their names say that they are counters, and they are not. The same numbers are in nodejs_active_* without `_total`.
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/**
 * `GET /metrics`: metrics of the relay and of its process, as Prometheus text.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export const metricsRoute: FastifyPluginAsyncTypebox<MetricsOptions> = async (app, options) => {
  const { hub, readiness, metrics: { registry }, token } = options
  const schema = { response: { 200: Type.String(), '4xx': ProblemSchema, '5xx': ProblemSchema } }
  const readProcess = processMetrics()
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers: [registry] })
  const ready = gauge('relay_ready', '1 if an event can be stored and the server is not stopping, else 0')
  const bytes = gauge('relay_store_bytes', 'Bytes of the store on disk, or in the memory of its server')
  const held = gauge('relay_quarantine_size', 'Callbacks in quarantine')
  const expected = gauge('relay_tasks_expected', 'Submissions whose outcome is expected, overdue ones included')
  const overdue = gauge('relay_tasks_overdue', 'Submissions whose callback is overdue')

  async function refresh (): Promise<void> {
    // The other metrics matter most while the store is unavailable, and Prometheus waits ten seconds.
    const [{ ready: isReady }, stored, quarantined, counts] = await Promise.all([
      known(readiness(), { ready: false, reason: null }),
      known(hub.bytes(), NaN),
      known(hub.quarantineSize(), NaN),
      known(hub.submissions.counts(), { expected: NaN, overdue: NaN })
    ])
    ready.set(isReady ? 1 : 0)
    bytes.set(stored)
    held.set(quarantined)
    expected.set(counts.expected)
    overdue.set(counts.overdue)
  }

  app.get('/metrics', { schema }, async (request, reply) => {
    if (token && !isSameSecret(`Bearer ${token}`, request.headers.authorization ?? '')) {
      const message = 'Cannot show the metrics: the token is missing or wrong, expected it as Authorization: Bearer'
      throw new RelayError('METRICS_FORBIDDEN', message)
    }
    await refresh()
    return reply.type(registry.contentType).send(await registry.metrics() + await readProcess())
  })
}

/**
 * Returns a function that reads the metrics of the process, once in a second: this takes 2 ms, and more with each
 * stream, at the request of anyone if no token is needed.
 */
function processMetrics (): () => Promise<string> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  let text: Promise<string>
  let readAt = -Infinity
  return () => {
    if (performance.now() - readAt < PROCESS_MS) return text
    readAt = performance.now()
    text = registry.metrics()
    return text
  }
}
