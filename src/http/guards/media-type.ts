import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { RelayError } from '../../errors.ts'

type Next = HookHandlerDoneFunction

const JSON_TYPE = /^\s*(?:application|text)\/(?:[\w.-]{1,100}\+)?json\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?$/i
const MAX_LENGTH = 200

/**
 * Refuses a body that is not plain JSON in UTF-8, before it is read: `MEDIA_TYPE_UNSUPPORTED`.
 *
 * A page of another origin can post only `text/plain` and forms without asking the server.
 *
 * @see https://fetch.spec.whatwg.org/#cors-safelisted-request-header
 */
export function requireJsonType (request: FastifyRequest, _reply: FastifyReply, next: Next): void {
  const { 'content-type': type = '' } = request.headers
  if (!hasBody(request) || (type.length <= MAX_LENGTH && JSON_TYPE.test(type))) return next()
  next(unsupported('its media type is not JSON in UTF-8, expected application/json'))
}

/** Refuses a compressed body before it is read: `MEDIA_TYPE_UNSUPPORTED`. */
export function requireIdentityCoding (request: FastifyRequest, reply: FastifyReply, next: Next): void {
  const coding = request.headers['content-encoding'] ?? 'identity'
  if (/^identity$/i.test(coding)) return next()
  reply.header('accept-encoding', 'identity')
  next(unsupported('it is compressed, expected no Content-Encoding'))
}

/** Makes Fastify read the body whatever its media type is, or without one. */
export function ignoreMediaType (request: FastifyRequest, _reply: FastifyReply, next: Next): void {
  request.raw.headers['content-type'] = 'application/json'
  next()
}

/**
 * Refuses a request that a page of another origin sends: `CALLBACK_UNAUTHENTIC`. A preflight does not protect POST,
 * whose media type `CORS_ORIGINS` allows for streams.
 */
export function requireSameOrigin (request: FastifyRequest, _reply: FastifyReply, next: Next): void {
  const { headers: { origin }, host } = request
  if (origin === undefined || URL.parse(origin)?.host === host) return next()
  next(new RelayError('CALLBACK_UNAUTHENTIC', 'Cannot accept the callback: a page of another origin sends it'))
}

function hasBody ({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0
}

function unsupported (fact: string): RelayError {
  return new RelayError('MEDIA_TYPE_UNSUPPORTED', `Cannot read the body: ${fact}`)
}

/** Returns the media type of a request as it came, for the log. */
export function mediaTypeOf ({ raw: { rawHeaders } }: FastifyRequest): string | undefined {
  const index = rawHeaders.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === 'content-type')
  return index < 0 ? undefined : (rawHeaders[index + 1] as string).slice(0, MAX_LENGTH)
}
