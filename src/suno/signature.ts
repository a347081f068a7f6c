import { createHmac, hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Delivery } from '../event.ts'
import { isSameSecret, secretCheck } from '../secrets.ts'

const SECRET_PREFIX = 'whsec_'
// Length of a SHA-256 in base64.
const HMAC_LENGTH = 44
const VERSIONED_LENGTH = 'v1,'.length + HMAC_LENGTH
// Standard Webhooks sends one signature per key while keys rotate.
const MAX_SIGNATURES_LENGTH = 1024
const MAX_TASK_IDS = 8
// Finds task ids without parsing the body, which an unauthenticated request must not cause.
const TASK_ID = /"task(?:Id|_id)"\s{0,16}:\s{0,16}"([^"\\]{1,256})"/g
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

/** Whether the headers have a signature in a valid form, at a time within the window. Never reads a body. */
export function maySign (headers: Headers, { keys, windowSeconds, now }: SignatureCheck): boolean {
  if (keys.length === 0) return false
  return readKieHeaders(headers, windowSeconds, now) !== undefined ||
    readStandardHeaders(headers, windowSeconds, now) !== undefined
}

/**
 * Checks the header pair of kie.ai. The pair signs a task id and a time but not the body, so it must never be accepted
 * with two bodies. If the body names several task ids, the signed one is the callback's task.
 *
 * @param body - JSON
 * @returns undefined if there is no valid signature
 * @see https://docs.kie.ai/common-api/webhook-verification
 */
export function checkKieSignature (headers: Headers, body: string, check: SignatureCheck): Signed | undefined {
  const { keys, windowSeconds, now } = check
  const pair = readKieHeaders(headers, windowSeconds, now)
  if (!pair) return undefined
  const { timestamp, signature } = pair
  const texts = keys.filter((key) => !key.startsWith(SECRET_PREFIX))
  const isSigned = (id: string) => texts.some((key) => isSameSecret(hmac(key, `${id}.${timestamp}`), signature))
  const taskId = body.matchAll(TASK_ID).take(MAX_TASK_IDS).map(([, id]) => id as string).find(isSigned)
  if (taskId === undefined || !namedTaskIds(parse(body)).includes(taskId)) return undefined
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
  const read = readStandardHeaders(headers, windowSeconds, now)
  if (!read) return undefined
  const { id, timestamp, signatures } = read
  const valid = keys.filter((key) => key.startsWith(SECRET_PREFIX))
    .map((key) => `v1,${hmac(Buffer.from(key.slice(SECRET_PREFIX.length), 'base64'), `${id}.${timestamp}.`, body)}`)
  const given = signatures.split(' ').filter(({ length }) => length === VERSIONED_LENGTH)
  if (!given.some(secretCheck(valid))) return undefined
  const expiresAt = now + WEBHOOK_ID_LIFE_MS + windowSeconds * SECOND_MS
  return { delivery: { key: hash('sha256', `webhook-id ${id}`, 'base64url'), onConflict: 'deduplicate', expiresAt } }
}

function readKieHeaders (headers: Headers, windowSeconds: number, now: number) {
  const { 'x-webhook-timestamp': timestamp, 'x-webhook-signature': signature } = headers
  if (!isFresh(timestamp, windowSeconds, now)) return undefined
  return typeof signature === 'string' && signature.length === HMAC_LENGTH ? { timestamp, signature } : undefined
}

function readStandardHeaders (headers: Headers, windowSeconds: number, now: number) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers
  if (!isFresh(timestamp, windowSeconds, now) || typeof id !== 'string') return undefined
  if (typeof signatures !== 'string' || signatures.length > MAX_SIGNATURES_LENGTH) return undefined
  return { id, timestamp, signatures }
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

function parse (body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function toObject (json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null ? json as Record<string, unknown> : {}
}

function hmac (key: string | Uint8Array, text: string, body: Uint8Array = new Uint8Array()): string {
  return createHmac('sha256', key).update(text).update(body).digest('base64')
}
