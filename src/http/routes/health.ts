import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { HealthSchema, ProblemSchema } from '../../../schemas/problem.ts'
import { RelayError } from '../../errors.ts'
import type { Hub } from '../../hub/hub.ts'
import type { Streams } from '../streams/registry.ts'

const OK = { status: 'ok' } as const

/** `GET /healthz`: the process answers. `GET /readyz`: an event could be kept now, and the server is not about to stop. */
export const health: FastifyPluginAsyncTypebox<{ hub: Hub, streams: Streams }> = async (app, { hub, streams }) => {
  app.get('/healthz', { schema: { response: { 200: HealthSchema } } }, async () => OK)

  app.get('/readyz', { schema: { response: { 200: HealthSchema, '4xx': ProblemSchema, '5xx': ProblemSchema } } }, async () => {
    if (streams.draining) throw new RelayError('DRAINING', 'Cannot take requests: the server is about to stop')
    await hub.check()
    return OK
  })
}
