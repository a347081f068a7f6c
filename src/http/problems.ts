import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from '@sinclair/typebox'
import type { ProblemSchema } from '../../schemas/problem.ts'
import { RelayError, STATUS, type RelayErrorCode } from '../errors.ts'

/** @see https://www.rfc-editor.org/rfc/rfc9457#section-4.1 */
export const PROBLEM_TYPE = 'application/problem+json'
/** Time after which a request that was refused for now may be repeated. */
export const RETRY_AFTER_SECONDS = 5
// Replaces the message of the error, which contains the path of the store.
const STORE_UNAVAILABLE = 'Cannot keep or read events: the store is unavailable, retry later'

const NEEDS_BEARER = new Set<RelayErrorCode>(['ADMIN_TOKEN_INVALID', 'API_TOKEN_INVALID', 'TICKET_INVALID'])

type AnyError = FastifyError | RelayError

/** Codes of Fastify, mapped to ours. */
const FASTIFY_CODES: Readonly<Record<string, RelayErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_MAX_PARAM_LENGTH: 'URL_TOO_LONG'
}

/** Returns the body of an error answer. */
export function toProblem ({ code, message, details }: RelayError): Static<typeof ProblemSchema> {
  const status = details.status ?? STATUS[code]
  const detail = code === 'STORE_UNAVAILABLE' ? STORE_UNAVAILABLE : message
  const { sunoCode } = details
  const problem = { type: 'about:blank', title: STATUS_CODES[status] as string, status, code, detail } as const
  return sunoCode == null ? problem : { ...problem, sunoCode }
}

/**
 * Answers an error as `application/problem+json`. Unexpected errors are logged and answered as `INTERNAL`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export function sendProblem (error: AnyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toRelayError(error)
  const body = toProblem(problem)
  const { status } = body
  // A line for each would be a load of its own.
  if (status >= 500 && body.code !== 'OVERLOADED') request.log.error({ err: error }, problem.message)
  const mayComeAgain = status === 503 || status === 429
  const { retryAfterSeconds = mayComeAgain ? RETRY_AFTER_SECONDS : undefined } = problem.details
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
  if (NEEDS_BEARER.has(problem.code)) reply.header('www-authenticate', 'Bearer')
  return reply.code(status).type(PROBLEM_TYPE).send(body)
}

/** Maps any error to a `RelayError`: errors of Fastify by their code, unexpected errors to `INTERNAL`. */
export function toRelayError (error: AnyError): RelayError {
  if (error instanceof RelayError) return error
  const code = FASTIFY_CODES[error.code] ?? ((error.statusCode ?? 500) < 500 ? 'REQUEST_INVALID' : 'INTERNAL')
  return new RelayError(code, describe(code, error), { cause: error })
}

function describe (code: RelayErrorCode, { validation, message }: FastifyError): string {
  if (code === 'INTERNAL') return 'Cannot answer the request: the relay has a defect, see its log'
  // Other messages of Fastify quote the URL, which may contain secrets.
  return `Cannot accept the request: ${validation ? message : STATUS_CODES[STATUS[code]]}`
}
