import { createHmac, hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Delivery } from '../event.ts'
import { isSameSecret } from '../secrets.ts'

const SECRET_PREFIX = 'whsec_'
const SECOND_MS = 1000
// A callback is appended some time after its signature was checked.
const MARGIN_MS = 60_000
// Gateways that sign retry for about this long, with the same id and a new timestamp each time.
const WEBHOOK_ID_LIFE_MS = 86_400_000

type Headers = IncomingHttpHeaders

/** Facts that a valid signature proves. */
export interface Signed {
  /** The task id that the signature covers; undefined if it covers the body. */
  readonly taskId?: string
  readonly delivery: Delivery
}

/** Options for checking signatures. */
export interface SignatureCheck {
  /** Keys of kie.ai, and secrets of Standard Webhooks, which start with `whsec_`. */
  readonly keys: readonly string[]
  /** Maximum difference between a signature's time and `now`, in both directions, in seconds. */
  readonly windowSeconds: number
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * Checks the header pair of kie.ai. The pair signs a task id and a time but not the body, so it must never be accepted
 * with two bodies. If the body names several task ids, the signed one is the callback's task.
 *
 * @param json - the parsed body
 * @returns undefined if there is no valid signature
 * @see https://docs.kie.ai/common-api/webhook-verification
 */
export function checkKieSignature (headers: Headers, json: unknown, check: SignatureCheck): Signed | undefined {
  const { keys, windowSeconds, now } = check
  const { 'x-webhook-timestamp': timestamp, 'x-webhook-signature': signature } = headers
  if (!isFresh(timestamp, windowSeconds, now) || typeof signature !== 'string') return undefined
  const texts = keys.filter((key) => !key.startsWith(SECRET_PREFIX))
  const isSigned = (id: string) => texts.some((key) => isSameSecret(hmac(key, `${id}.${timestamp}`), signature))
  const taskId = namedTaskIds(json).find(isSigned)
  if (taskId === undefined) return undefined
  const key = hash('sha256', `kie.ai ${timestamp} ${signature}`, 'base64url')
  const expiresAt = (Number(timestamp) + windowSeconds) * SECOND_MS + MARGIN_MS
  return { taskId, delivery: { key, onConflict: 'reject', expiresAt } }
}

/**
 * Checks the headers of Standard Webhooks, which sign an id, a time and the body. The id identifies the delivery for a
 * day and the window.
 *
 * @param body - the raw bytes, as they came
 * @returns undefined if there is no valid signature
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function checkStandardSignature (headers: Headers, body: Uint8Array, check: SignatureCheck): Signed | undefined {
  const { keys, windowSeconds, now } = check
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers
  if (!isFresh(timestamp, windowSeconds, now)) return undefined
  if (typeof id !== 'string' || typeof signatures !== 'string') return undefined
  const valid = keys.filter((key) => key.startsWith(SECRET_PREFIX))
    .map((key) => `v1,${hmac(Buffer.from(key.slice(SECRET_PREFIX.length), 'base64'), `${id}.${timestamp}.`, body)}`)
  const given = signatures.split(' ')
  if (!valid.some((text) => given.some((signature) => isSameSecret(text, signature)))) return undefined
  const expiresAt = now + WEBHOOK_ID_LIFE_MS + windowSeconds * SECOND_MS
  return { delivery: { key: hash('sha256', `webhook-id ${id}`, 'base64url'), onConflict: 'deduplicate', expiresAt } }
}

function isFresh (timestamp: unknown, windowSeconds: number, now: number): timestamp is string {
  // Digits only: with a dot in the timestamp, one signature would fit two pairs of id and time.
  if (typeof timestamp !== 'string' || !/^\d{1,12}$/.test(timestamp)) return false
  return Math.abs(now - Number(timestamp) * SECOND_MS) <= windowSeconds * SECOND_MS
}

/** Returns the task ids of a body, in every spelling. The body need not be readable. */
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
