import { RelayError } from '../errors.ts'
import type { Delivery, HeldDraft } from '../event.ts'
import type { Settled } from './appended.ts'

const MAX_HELD = 1000
const MAX_HELD_BYTES = 16_777_216
const MAX_HELD_OF_SUBMISSION = 10

/** Digest and time of a task's newest event. */
interface Newest {
  readonly digest: string
  /** Time of the append, in milliseconds. */
  readonly at: number
}

/**
 * Whether a draft repeats the task's newest event: an equal digest, within the window.
 *
 * The sender gives no delivery id and retries within seconds. An equal callback after another event, or after the
 * window, reports something that happened again.
 */
export function isRepeat (newest: Newest, digest: string, now: number, windowMs: number): boolean {
  return newest.digest === digest && now - newest.at < windowMs
}

/** Record of the delivery that came first under a key. */
export interface DeliveryLookup<Event> {
  /** Digest of its body. */
  readonly digest: string
  /** The event that it became; undefined if it was quarantined, or the event is not kept any more. */
  readonly event: Event | undefined
  /** Whether it was quarantined. */
  readonly isHeld: boolean
}

/** Status of a delivery: the first of its key, or what its sender wants done with a second one. */
export type DeliveryStatus = 'first' | Delivery['onConflict']

/** Table of delivery keys. */
export interface DeliveryTable<Event> {
  /**
   * Returns the latest `expiresAt` of the forgotten keys whose delivery rejects other bodies, in milliseconds since
   * 1970; 0 for none. An unknown key that expires no later may be one of them.
   */
  forgottenUntil (): number
  lookup (key: string): DeliveryLookup<Event> | undefined
  /** @param event - undefined for a delivery that is quarantined */
  remember (delivery: Delivery, digest: string, event?: Event): void
}

/**
 * Classifies a delivery by the one that came first under its key.
 *
 * A forgotten key may not be used for another body either: after a jump of the wall clock its signature may count as
 * fresh again.
 */
export function classify<Event> (
  table: DeliveryTable<Event>, delivery: Delivery, digest: string
): { readonly status: DeliveryStatus, readonly known?: DeliveryLookup<Event> } {
  const { key, onConflict, expiresAt } = delivery
  const known = table.lookup(key)
  if (known) return { known, status: known.digest === digest ? 'deduplicate' : onConflict }
  return { status: onConflict === 'reject' && expiresAt <= table.forgottenUntil() ? 'reject' : 'first' }
}

/** Steps of {@link appendOnce}. */
export interface AppendSteps<Draft, Event> extends DeliveryTable<Event> {
  append (draft: Draft): { readonly event: Event, readonly duplicate: boolean, readonly settled?: Settled }
}

type Delivered = { readonly digest: string, readonly delivery?: Delivery | undefined }

/**
 * Appends a draft, unless its delivery became an event before or is rejected. The key stays with its first body.
 *
 * @param digest - digest of the body that was delivered
 */
export function appendOnce<Draft extends Delivered, Event> (
  steps: AppendSteps<Draft, Event>, draft: Draft, digest = draft.digest
): ReturnType<AppendSteps<Draft, Event>['append']> | 'reject' {
  const { delivery } = draft
  if (!delivery) return steps.append(draft)
  const { status, known } = classify(steps, delivery, digest)
  if (status === 'reject') return status
  if (status === 'deduplicate' && known?.event) return { event: known.event, duplicate: true }
  const appended = steps.append(draft)
  if (status !== 'append') steps.remember(delivery, digest, appended.event)
  return appended
}

/** Steps of {@link holdOnce}. */
export interface HoldSteps<Held, Event> extends DeliveryTable<Event> {
  /** Returns the number of held callbacks and the bytes of their bodies. */
  size (): { readonly count: number, readonly bytes: number }
  /** Returns the ids and digests of the held callbacks that came under the token of a submission. */
  ofSubmission (submission: string): ReadonlyArray<{ readonly id: number, readonly digest: string }>
  /** @param own - the delivery, if its key belongs to this body */
  insert (held: Held, bytes: number, own: Delivery | undefined): void
}

/**
 * Quarantines a callback, unless its delivery became an event before, is held already or is rejected, or there is no
 * room. It holds each body once under one token and ten bodies at most, so that no token fills the quarantine.
 *
 * @returns the event that the delivery became before, or how the call ended
 */
export function holdOnce<Held extends HeldDraft, Event extends object> (
  steps: HoldSteps<Held, Event>, held: Held
): Event | 'held' | 'full' | 'reject' {
  const { body, delivery, digest, submission } = held
  const { status, known = undefined } = delivery ? classify(steps, delivery, digest) : { status: 'first' }
  if (status === 'reject') return status
  if (status === 'deduplicate' && known?.event) return known.event
  if (status === 'deduplicate' && known?.isHeld) return 'held'
  const siblings = submission === undefined ? [] : steps.ofSubmission(submission)
  if (siblings.some((sibling) => sibling.digest === digest)) return 'held'
  const before = steps.size()
  const bytes = Buffer.byteLength(body)
  const isFull = before.count >= MAX_HELD || before.bytes + bytes > MAX_HELD_BYTES
  if (isFull || siblings.length >= MAX_HELD_OF_SUBMISSION) return 'full'
  const own = status === 'append' ? undefined : delivery
  steps.insert(held, bytes, own)
  if (own) steps.remember(own, digest)
  return 'held'
}

/** Returns the error for a delivery whose key belongs to another body. */
export function deliveryRejected (): RelayError {
  return new RelayError('CALLBACK_UNAUTHENTIC', 'Cannot keep the callback: its signature came with another body before')
}

/** Returns the error for a callback that the quarantine has no room for. */
export function quarantineFull (): RelayError {
  return new RelayError('QUARANTINE_FULL', 'Cannot keep the callback: the quarantine is full')
}
