import type { FastifyRequest } from 'fastify'

const BEARER = /^Bearer +(\S+)$/i
// A ticket is of characters that a cookie leaves as they are: there is nothing to decode.
const COOKIE = /(?:^|;) *ticket="?([\w.-]+)/

/** The ticket of a request: of its header, else of its query, else of its cookie. */
export function readTicket ({ headers: { authorization = '', cookie = '' }, query }: FastifyRequest<{ Querystring: { ticket?: string } }>): string | undefined {
  return BEARER.exec(authorization)?.[1] ?? query.ticket ?? COOKIE.exec(cookie)?.[1]
}
