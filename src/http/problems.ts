import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { RelayError, STATUS, type RelayErrorCode } from '../errors.ts'

const RETRY_AFTER_SECONDS = 5

/** What Fastify calls it, and what we do. */
const FASTIFY_CODES: Readonly<Record<string, RelayErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE'
}

/**
 * Answers an error as `application/problem+json`; what was not expected is logged and told as no more than `INTERNAL`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export function sendProblem (error: FastifyError | RelayError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toRelayError(error)
  const status = STATUS[problem.code]
  if (status >= 500) request.log.error({ err: error }, problem.message)
  if (status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS)
  // What ails the store names its path, which is for the log and not for strangers.
  const detail = problem.code === 'STORE_UNAVAILABLE' ? 'Cannot keep or read events now: the store is in trouble, expected it to recover' : problem.message
  return reply.code(status).type('application/problem+json').send({
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    code: problem.code,
    detail
  })
}

function toRelayError (error: FastifyError | RelayError): RelayError {
  if (error instanceof RelayError) return error
  const code = FASTIFY_CODES[error.code] ?? ((error.statusCode ?? 500) < 500 ? 'REQUEST_INVALID' : 'INTERNAL')
  const message = code === 'INTERNAL' ? 'Cannot answer: something went wrong that should not have' : `Cannot accept the request: ${error.message}`
  return new RelayError(code, message, { cause: error })
}
