import { createHmac } from 'node:crypto'

/** Seconds since 1970, as senders write them. */
export const nowSeconds = (): number => Math.floor(Date.now() / 1000)

/** At least so many seconds from now: a whole second, since a ticket's end is rounded down to one. */
export const inSeconds = (seconds: number): Date => new Date(Math.ceil(Date.now() / 1000 + seconds) * 1000)

/** kie.ai's header pair for a task. */
export function kieHeaders (key: string, taskId: string, timestamp: number | string = nowSeconds()): Record<string, string> {
  return { 'x-webhook-timestamp': String(timestamp), 'x-webhook-signature': createHmac('sha256', key).update(`${taskId}.${timestamp}`).digest('base64') }
}

/** The headers of Standard Webhooks for a body. */
export function standardHeaders (secret: string, id: string, body: string | Uint8Array, timestamp: number | string = nowSeconds()): Record<string, string> {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${signature}` }
}
