import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RelayError, type RelayErrorCode } from '../../errors.ts'
import type { RefusalLog } from '../guards/refusal-log.ts'
import { pathOf } from '../path.ts'
import { sendProblem } from '../problems.ts'

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

/** Answers requests for unknown paths with 404. */
export function answerUnknownPaths (app: FastifyInstance, report: ReportUnmatched): void {
  app.setNotFoundHandler((request, reply) => {
    report(request, 'NOT_FOUND')
    const message = `Cannot ${request.method} this path: there is nothing here`
    return sendProblem(new RelayError('NOT_FOUND', message), request, reply)
  })
}
