import { createHmac } from 'node:crypto'

/** Returns the time in seconds since 1970, as senders write it. */
export const nowSeconds = (): number => Math.floor(Date.now() / 1000)

/** Returns the first whole second that is at least `seconds` from now: the expiry of a ticket has no fractions. */
export const inSeconds = (seconds: number): Date => new Date(Math.ceil(Date.now() / 1000 + seconds) * 1000)

type Headers = Record<string, string>

/** Returns the headers of kie.ai for a task. */
export function kieHeaders (key: string, taskId: string, timestamp: number | string = nowSeconds()): Headers {
  const signature = createHmac('sha256', key).update(`${taskId}.${timestamp}`).digest('base64')
  return { 'x-webhook-timestamp': String(timestamp), 'x-webhook-signature': signature }
}

/** Returns the headers of Standard Webhooks for a body. */
export function standardHeaders (
  secret: string, id: string, body: string | Uint8Array, timestamp: number | string = nowSeconds()
): Headers {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${signature}` }
}
