/**
 * Meaning of a failed call to Suno:
 * - `refused`: Suno does not accept the request
 * - `no-credits`: the account has no credits left
 * - `busy`: too many requests, `retryAfterSeconds` says when to call again
 * - `unauthorized`: Suno does not accept the API key
 * - `unreachable`: no answer, an answer that cannot be read, maintenance, or an error of Suno's server
 */
export type SunoErrorKind = 'refused' | 'no-credits' | 'busy' | 'unauthorized' | 'unreachable'

/** Facts about a failed call. */
export interface SunoErrorDetails {
  /** The vendor's number, else the HTTP status; null when there was no answer. */
  readonly sunoCode: number | null
  /** Suno's own words, at most 500 characters, without control characters and without the API key; null without any. */
  readonly words: string | null
  /** Seconds to wait before the next call; null when Suno names none. Never null for `busy`. */
  readonly retryAfterSeconds: number | null
  /** Whether Suno may have accepted the submission, so that a second one could be a duplicate. False for a question. */
  readonly maybeSubmitted: boolean
  /** Whether the time limit ended the call. */
  readonly timedOut: boolean
}

type Given = Partial<SunoErrorDetails> & Pick<SunoErrorDetails, 'maybeSubmitted'>

/** A failed call to Suno. Its message names the cause and never the API key. */
export class SunoError extends Error implements SunoErrorDetails {
  override readonly name = 'SunoError'
  readonly kind: SunoErrorKind
  readonly sunoCode: number | null
  readonly words: string | null
  readonly retryAfterSeconds: number | null
  readonly maybeSubmitted: boolean
  readonly timedOut: boolean

  constructor (kind: SunoErrorKind, message: string, details: Given) {
    super(message)
    this.kind = kind
    this.sunoCode = details.sunoCode ?? null
    this.words = details.words ?? null
    this.retryAfterSeconds = details.retryAfterSeconds ?? null
    this.maybeSubmitted = details.maybeSubmitted
    this.timedOut = details.timedOut ?? false
  }
}
