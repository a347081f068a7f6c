import { SignJWT } from 'jose'

const key = new TextEncoder().encode(process.env.TICKET_KEYS.split(',')[0])

/** Call it once you know that this user may see this task. */
export function makeTicket (taskId) {
  return new SignJWT({ tasks: [taskId] })
    .setProtectedHeader({ alg: 'HS256' }).setExpirationTime('10m').sign(key)
}
