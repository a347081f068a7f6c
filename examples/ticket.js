import { signTicket } from 'phrase-relay'

const [key] = process.env.TICKET_KEYS.split(',')
const TEN_MINUTES_MS = 600_000

/** Returns a ticket for one task. First check that this user may see the task. */
export function makeTicket (taskId) {
  return signTicket(key, [taskId], new Date(Date.now() + TEN_MINUTES_MS))
}
