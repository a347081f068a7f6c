import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { HealthSchema, ProblemSchema } from '../../../schemas/problem.ts'
import { RelayError } from '../../errors.ts'
import type { Hub } from '../../hub/hub.ts'
import type { Streams } from '../streams/registry.ts'

const OK = { status: 'ok' } as const

/** Options of the health routes. */
export interface HealthOptions {
  readonly hub: Hub
  readonly streams: Streams
}

/**
 * `GET /healthz` answers 200 while the process runs. `GET /readyz` answers 200 if the store took a write and the server
 * is not draining, else 503 with the reason.
 */
export const health: FastifyPluginAsyncTypebox<HealthOptions> = async (app, { hub, streams }) => {
  const response = { 200: HealthSchema, '4xx': ProblemSchema, '5xx': ProblemSchema }

  app.get('/healthz', { schema: { response } }, async () => OK)

  app.get('/readyz', { schema: { response } }, async () => {
    if (streams.draining) throw new RelayError('DRAINING', 'Cannot take requests: the server is stopping')
    await hub.check()
    return OK
  })
}
