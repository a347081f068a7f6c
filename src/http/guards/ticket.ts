import type { FastifyRequest } from 'fastify'

const BEARER = /^Bearer +(\S+)$/i
// The characters of a ticket are never encoded in a cookie.
const COOKIE = /(?:^|;) *ticket="?([\w.-]+)/

/** A request whose query may carry tickets. */
export type TicketRequest = FastifyRequest<{ Querystring: { ticket?: string | string[] } }>

/** Returns the tickets of a request: from its header, else from its query, else from its cookie. */
export function readTickets ({ headers, query }: TicketRequest): string[] {
  const { authorization = '', cookie = '' } = headers
  return [BEARER.exec(authorization)?.[1] ?? query.ticket ?? COOKIE.exec(cookie)?.[1] ?? []].flat()
}
