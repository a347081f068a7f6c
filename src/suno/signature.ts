import { createHmac, hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Delivery } from '../event.ts'
import { isSameSecret } from '../secrets.ts'

const SECRET_PREFIX = 'whsec_'
const SECOND_MS = 1000
// A callback that was checked in time may be appended a little later.
const MARGIN_MS = 60_000
// Gateways that sign go on trying for about this long, under one id and each time with a new timestamp.
const WEBHOOK_ID_LIFE_MS = 86_400_000

/** What a valid signature proves. */
export interface Signed {
  /** The task id that the signature covers; undefined where it covers the body. */
  readonly taskId?: string
  readonly delivery: Delivery
}

/** How signatures are checked. */
export interface SignatureCheck {
  /** Keys of either kind; one that starts with `whsec_` is a secret of Standard Webhooks. */
  readonly keys: readonly string[]
  /** How far a signature's time may be from `now`, both ways, in seconds. */
  readonly windowSeconds: number
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * Checks the header pair of kie.ai, which signs a task id and a time, and not the body: the pair must never be accepted
 * with two bodies. Of the task ids that the body names, the one that is signed is the one that the callback is about.
 *
 * @param json - the parsed body
 * @see https://docs.kie.ai/common-api/webhook-verification
 */
export function checkKieSignature (headers: IncomingHttpHeaders, json: unknown, { keys, windowSeconds, now }: SignatureCheck): Signed | undefined {
  const { 'x-webhook-timestamp': timestamp, 'x-webhook-signature': signature } = headers
  if (!isFresh(timestamp, windowSeconds, now) || typeof signature !== 'string') return undefined
  const texts = keys.filter((key) => !key.startsWith(SECRET_PREFIX))
  const taskId = namedTaskIds(json).find((id) => texts.some((key) => isSameSecret(hmac(key, `${id}.${timestamp}`), signature)))
  if (taskId === undefined) return undefined
  const expiresAt = (Number(timestamp) + windowSeconds) * SECOND_MS + MARGIN_MS
  return { taskId, delivery: { key: hash('sha256', `kie.ai ${timestamp} ${signature}`, 'base64url'), onConflict: 'reject', expiresAt } }
}

/**
 * Checks the headers of Standard Webhooks, which sign an id, a time and the body. The id is the delivery's for a day
 * and the window.
 *
 * @param body - the raw bytes, as they came
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function checkStandardSignature (headers: IncomingHttpHeaders, body: Uint8Array, { keys, windowSeconds, now }: SignatureCheck): Signed | undefined {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers
  if (!isFresh(timestamp, windowSeconds, now) || typeof id !== 'string' || typeof signatures !== 'string') return undefined
  const wanted = keys.filter((key) => key.startsWith(SECRET_PREFIX))
    .map((key) => `v1,${hmac(Buffer.from(key.slice(SECRET_PREFIX.length), 'base64'), `${id}.${timestamp}.`, body)}`)
  const given = signatures.split(' ')
  if (!wanted.some((text) => given.some((signature) => isSameSecret(text, signature)))) return undefined
  const expiresAt = now + WEBHOOK_ID_LIFE_MS + windowSeconds * SECOND_MS
  return { delivery: { key: hash('sha256', `webhook-id ${id}`, 'base64url'), onConflict: 'deduplicate', expiresAt } }
}

function isFresh (timestamp: unknown, windowSeconds: number, now: number): timestamp is string {
  // Digits alone: with a dot in it, one signature would fit two pairs of id and time.
  return typeof timestamp === 'string' && /^\d{1,12}$/.test(timestamp) && Math.abs(now - Number(timestamp) * SECOND_MS) <= windowSeconds * SECOND_MS
}

/** The task ids that a body names, in any spelling, whether or not the body can be read. */
export function namedTaskIds (json: unknown): string[] {
  const body = toObject(json)
  const data = toObject(body['data'])
  return [data['taskId'], data['task_id'], body['taskId'], body['task_id']].filter((id) => typeof id === 'string')
}

function toObject (json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null ? json as Record<string, unknown> : {}
}

function hmac (key: string | Uint8Array, text: string, body: Uint8Array = new Uint8Array()): string {
  return createHmac('sha256', key).update(text).update(body).digest('base64')
}
