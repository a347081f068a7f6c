import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from '@sinclair/typebox'
import type { ProblemSchema } from '../../schemas/problem.ts'
import { RelayError, STATUS, type RelayErrorCode } from '../errors.ts'

/** @see https://www.rfc-editor.org/rfc/rfc9457#section-4.1 */
export const PROBLEM_TYPE = 'application/problem+json'
const RETRY_AFTER_SECONDS = 5

/** What Fastify calls it, and what we do. */
const FASTIFY_CODES: Readonly<Record<string, RelayErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE'
}

/** An error answer's body, for a program and for a person. */
export function toProblem ({ code, message }: RelayError): Static<typeof ProblemSchema> {
  const status = STATUS[code]
  // What ails the store names its path, which is for the log and not for strangers.
  const detail = code === 'STORE_UNAVAILABLE' ? 'Cannot keep or read events now: the store is in trouble, expected it to recover' : message
  return { type: 'about:blank', title: STATUS_CODES[status] as string, status, code, detail }
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
  if (status === 503 || status === 429) reply.header('retry-after', RETRY_AFTER_SECONDS)
  if (problem.code === 'TICKET_INVALID') reply.header('www-authenticate', 'Bearer')
  return reply.code(status).type(PROBLEM_TYPE).send(toProblem(problem))
}

/** What an error is to a caller: ours as it is, Fastify's by what it means, anything else `INTERNAL`. */
export function toRelayError (error: FastifyError | RelayError): RelayError {
  if (error instanceof RelayError) return error
  const code = FASTIFY_CODES[error.code] ?? ((error.statusCode ?? 500) < 500 ? 'REQUEST_INVALID' : 'INTERNAL')
  // Fastify's own text quotes the URL, and with it the secrets in it.
  const said = error.code === 'FST_ERR_BAD_URL' ? 'its URL cannot be decoded' : error.message
  const message = code === 'INTERNAL' ? 'Cannot answer: something went wrong that should not have' : `Cannot accept the request: ${said}`
  return new RelayError(code, message, { cause: error })
}
