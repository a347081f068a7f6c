import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { collectDefaultMetrics, Gauge } from 'prom-client'
import { ProblemSchema } from '../../../schemas/problem.ts'
import { RelayError } from '../../errors.ts'
import type { Hub } from '../../hub/hub.ts'
import type { Metrics } from '../../metrics.ts'
import { isSameSecret } from '../../secrets.ts'

export interface MetricsOptions {
  readonly hub: Hub
  readonly metrics: Metrics
  /** What a reader has to show as `Authorization: Bearer`; empty: nothing. */
  readonly token: string
}

/**
 * `GET /metrics`: the metrics of the relay and of its process, as Prometheus text.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export const metricsRoute: FastifyPluginAsyncTypebox<MetricsOptions> = async (app, { hub, metrics: { registry }, token }) => {
  collectDefaultMetrics({ register: registry })
  const held = new Gauge({ name: 'relay_quarantine_size', help: 'Callbacks held because they could not be read', registers: [registry] })

  app.get('/metrics', { schema: { response: { 200: Type.String(), '4xx': ProblemSchema, '5xx': ProblemSchema } } }, async (request, reply) => {
    if (token && !isSameSecret(`Bearer ${token}`, request.headers.authorization ?? '')) throw new RelayError('METRICS_FORBIDDEN', 'Cannot show the metrics: the request bears no token for them, expected it as Authorization: Bearer')
    // Trouble with the store is when the rest is wanted most.
    held.set(await hub.quarantineSize().catch(() => NaN))
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}
