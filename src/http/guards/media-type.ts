import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { RelayError } from '../../errors.ts'

const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i

/**
 * Refuses a compressed body, or one in another charset than UTF-8, before it is read: `MEDIA_TYPE_UNSUPPORTED`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15.5.16
 */
export function requirePlainUtf8 (request: FastifyRequest, reply: FastifyReply, next: HookHandlerDoneFunction): void {
  const { headers } = request
  const [, charset = 'utf-8'] = CHARSET.exec(headers['content-type'] ?? '') ?? []
  const coding = headers['content-encoding'] ?? 'identity'
  if (/^utf-?8$/i.test(charset) && /^identity$/i.test(coding)) return next()
  reply.header('accept-encoding', 'identity')
  const message = 'Cannot read the body: it is compressed or not in UTF-8, expected plain application/json in UTF-8'
  next(new RelayError('MEDIA_TYPE_UNSUPPORTED', message))
}
