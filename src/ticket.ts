import { createSecretKey, type KeyObject } from 'node:crypto'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { jwtVerify, SignJWT } from 'jose'
import { TicketClaimsSchema, type TicketClaims } from '../schemas/ticket.ts'
import { RelayError } from './errors.ts'

const ALGORITHM = 'HS256'
const claims = TypeCompiler.Compile(TicketClaimsSchema)

/**
 * Makes a ticket: a JWT that lets its bearer watch some tasks for a while.
 *
 * @param key - one of `TICKET_KEYS`
 * @param tasks - task ids, or `['*']` for all
 * @param expires - when that ends
 * @see https://www.rfc-editor.org/rfc/rfc7519
 */
export async function signTicket (key: string, tasks: readonly string[], expires: Date): Promise<string> {
  return new SignJWT({ tasks }).setProtectedHeader({ alg: ALGORITHM }).setExpirationTime(expires).sign(toSecret(key))
}

/** Says until when the bearer of a ticket may watch a task, in milliseconds since 1970; without end where none is asked for. */
export type CheckTicket = (ticket: string | undefined, taskId: string) => Promise<number>

/**
 * Makes the check of tickets: HS256 with any of the keys, and nothing else. Without keys everyone passes.
 *
 * The check rejects with a {@link RelayError} `TICKET_INVALID` when the ticket is missing, expired or not signed with
 * any of the keys, and `TASK_FORBIDDEN` when it is for other tasks.
 */
export function ticketCheck (keys: readonly string[]): CheckTicket {
  if (keys.length === 0) return async () => Infinity
  const secrets = keys.map(toSecret)

  return async (ticket, taskId) => {
    const { tasks, exp } = await readClaims(ticket, secrets)
    if (!tasks.some((task) => task === '*' || task === taskId)) throw new RelayError('TASK_FORBIDDEN', 'Cannot show the task: the ticket is for others')
    return exp * 1000
  }
}

async function readClaims (ticket: string | undefined, secrets: readonly KeyObject[]): Promise<TicketClaims> {
  if (!ticket) throw new RelayError('TICKET_INVALID', 'Cannot show the task: there is no ticket, expected one in Authorization: Bearer, in ?ticket= or in the cookie ticket')
  const payload = await verify(ticket, secrets).catch(() => undefined)
  if (!claims.Check(payload)) throw new RelayError('TICKET_INVALID', 'Cannot show the task: the ticket has expired or is not one of ours')
  return payload
}

async function verify (ticket: string, secrets: readonly KeyObject[]): Promise<unknown> {
  const { payload } = await Promise.any(secrets.map((secret) => jwtVerify(ticket, secret, { algorithms: [ALGORITHM] })))
  return payload
}

function toSecret (key: string): KeyObject {
  return createSecretKey(key, 'utf8')
}
