import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RelayError, type RelayErrorCode } from '../../errors.ts'
import type { RefusalLog } from '../guards/refusal-log.ts'
import { pathOf } from '../path.ts'

/** Counts callbacks by the code of their problem. */
interface CallbackCounter {
  callback (outcome: RelayErrorCode): void
}

/** Reports a request that no route accepts. */
export type ReportUnmatched = (request: FastifyRequest, code: RelayErrorCode) => void

/** Creates a report of unmatched POSTs: each may be a callback whose URL is configured wrongly. */
export function unmatchedReport (metrics: CallbackCounter, refusals: RefusalLog): ReportUnmatched {
  return ({ method, url }, code) => {
    if (method !== 'POST') return
    metrics.callback(code)
    refusals.refused({ code, path: pathOf(url) })
  }
}

/** Answers requests for unknown paths with 404, before their body is read. */
export function answerUnknownPaths (app: FastifyInstance, report: ReportUnmatched): void {
  app.addHook('onRequest', async (request) => {
    if (!request.is404) return
    report(request, 'NOT_FOUND')
    throw new RelayError('NOT_FOUND', `Cannot ${request.method} this path: there is nothing here`)
  })
}
