import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type * as Jose from 'jose'
import { TicketClaimsSchema, type TicketClaims } from '../schemas/ticket.ts'
import { RelayError } from './errors.ts'
import { isSameSecret } from './secrets.ts'

const ALGORITHM = 'HS256'
// A ticket for 50 tasks with ids of 128 characters has 8,900.
const MAX_LENGTH = 9216
const NO_TICKET = 'there is no ticket, expected Authorization: Bearer, ?ticket= or the cookie ticket'
const claims = TypeCompiler.Compile(TicketClaimsSchema)

/**
 * Signs a ticket: a JWT whose bearer may watch some tasks until it expires.
 *
 * @param key - one of `TICKET_KEYS`
 * @param tasks - task ids, or `['*']` for all
 * @param expires - time at which the ticket expires
 * @see https://www.rfc-editor.org/rfc/rfc7519
 */
export async function signTicket (key: string, tasks: readonly string[], expires: Date): Promise<string> {
  const { SignJWT } = await import('jose')
  return new SignJWT({ tasks }).setProtectedHeader({ alg: ALGORITHM }).setExpirationTime(expires).sign(toSecret(key))
}

/**
 * Checks that tickets cover every task together. Resolves with the time at which the first ticket expires, in
 * milliseconds since 1970; `Infinity` if no tickets are needed.
 *
 * Rejects with a {@link RelayError}: `TICKET_INVALID` if there is none, or if any is expired or signed with another
 * key; `TASK_FORBIDDEN` if they are for other tasks.
 */
export type CheckTickets = (tickets: readonly string[], taskIds: readonly string[]) => Promise<number>

/** Creates the check of tickets: HS256 with any of the keys, no other algorithm. Without keys, every check passes. */
export function ticketCheck (keys: readonly string[]): CheckTickets {
  if (keys.length === 0) return async () => Infinity
  const secrets = keys.map(toSecret)
  // Loaded only where there are tickets.
  const jose = import('jose')
  // Tickets are refused then, and an app around the relay goes on.
  jose.catch(() => {})

  return async (tickets, taskIds) => {
    if (tickets.length === 0) {
      throw invalid(NO_TICKET, 'ticket-missing')
    }
    const read = await Promise.all(tickets.map(async (ticket) => readClaims(ticket, secrets, await jose)))
    const allowed = new Set(read.flatMap(({ tasks }): string[] => tasks))
    const forbidden = allowed.has('*') ? undefined : taskIds.find((taskId) => !allowed.has(taskId))
    if (forbidden !== undefined) {
      throw new RelayError('TASK_FORBIDDEN', `Cannot show the task ${forbidden}: the ticket is for other tasks`)
    }
    return Math.min(...read.map(({ exp }) => exp)) * 1000
  }
}

async function readClaims (ticket: string, secrets: readonly KeyObject[], jose: typeof Jose): Promise<TicketClaims> {
  const payload = await verify(ticket, secrets, jose).catch((error: unknown) => error)
  if (claims.Check(payload)) return payload
  const reason = payload instanceof jose.errors.JWTExpired ? 'ticket-expired' : undefined
  throw invalid('the ticket has expired, or its signature or claims are wrong', reason)
}

function invalid (fact: string, reason: string | undefined): RelayError {
  return new RelayError('TICKET_INVALID', `Cannot show the task: ${fact}`, { details: { reason } })
}

async function verify (ticket: string, secrets: readonly KeyObject[], { jwtVerify }: typeof Jose): Promise<unknown> {
  const secret = signerOf(ticket, secrets)
  if (!secret) return undefined
  const { payload } = await jwtVerify(ticket, secret, { algorithms: [ALGORITHM] })
  return payload
}

/** Returns the key that signed a ticket. A forged one costs microseconds instead of a `jwtVerify()` per key. */
function signerOf (ticket: string, secrets: readonly KeyObject[]): KeyObject | undefined {
  if (ticket.length > MAX_LENGTH) return undefined
  const end = ticket.lastIndexOf('.')
  const [signed, signature] = [ticket.slice(0, end), ticket.slice(end + 1)]
  return secrets.find((secret) => {
    return isSameSecret(createHmac('sha256', secret).update(signed).digest('base64url'), signature)
  })
}

function toSecret (key: string): KeyObject {
  return createSecretKey(key, 'utf8')
}
