import type { FastifyRequest, preValidationHookHandler } from 'fastify'

// `lastEventId`, `lastEventID`, `Last-Event-ID`, `last_event_id`, `evs_last_event_id`: spellings of common clients.
const CURSOR = /^(?:evs_)?last[-_]?event[-_]?id$/i

// Parameters that may be repeated. A route that takes one ticket rejects several: a credential must not be ambiguous.
const LISTS = new Set(['task', 'ticket'])

/**
 * Makes the query of a request tolerant, before it is validated: an empty parameter counts as absent, the last value of
 * a repeated parameter counts, and a cursor may have the name that another client gives it. Of several cursors the last
 * one in the URL counts: a polyfill appends its own, newer one to the URL that the app has chosen. A repeated task or
 * ticket stays as it is.
 */
export const normalizeQuery: preValidationHookHandler = (request, _reply, done) => {
  const entries = Object.entries(request.query as Record<string, string | string[]>)
  request.query = Object.fromEntries(entries.flatMap(([name, values]) => {
    const given = [values].flat().filter((value) => value !== '')
    const last = LISTS.has(name) && given.length > 1 ? given : given.at(-1)
    return last === undefined ? [] : [[CURSOR.test(name) ? 'lastEventId' : name, last]]
  }))
  done()
}

/**
 * Returns the cursor of a request: its `Last-Event-ID` header, else its query parameter. The header comes first because
 * a client updates it at each reconnect, but not the URL. The last value of a repeated header counts.
 */
export function readCursor ({ headers, query }: FastifyRequest): string | undefined {
  const header = String(headers['last-event-id'] ?? '')
  return header.slice(header.lastIndexOf(',') + 1).trim() || (query as { lastEventId?: string }).lastEventId
}
