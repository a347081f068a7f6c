import type { FastifyInstance } from 'fastify'
import { toRelayError } from '../problems.ts'

/** Counts the errors of routes that show streams and tasks. The limits of streams count their refusals themselves. */
export function countRefusedReads (app: FastifyInstance, count: (reason: string) => void): void {
  app.addHook('onError', async (_request, _reply, error) => {
    const { code, details: { reason = code } } = toRelayError(error)
    if (code !== 'TOO_MANY_STREAMS') count(reason)
  })
}
