import { hash } from 'node:crypto'
import type { EventName } from '../schemas/event.ts'

/** Fields of a callback that make its outcome. */
export interface OutcomeFields {
  readonly validateInfo?: string | null | undefined
  readonly voiceId?: string | null | undefined
  readonly errorCode?: number | null | undefined
  readonly errorMessage?: string | null | undefined
}

/**
 * Returns a digest of an outcome's phrase, voice or error. It is equal for a callback and for an answer to a question:
 * a failure has the code 400 in a callback and 200 in an answer, so neither code nor msg counts.
 */
export function meaningOf (event: EventName, fields: OutcomeFields): string {
  const { validateInfo, voiceId, errorCode, errorMessage } = fields
  const error = `${errorCode || 0} ${errorMessage?.trim() ?? ''}`
  const outcome = event === 'phrase-ready' ? validateInfo : event === 'voice-ready' ? voiceId : error
  return hash('sha256', `${event} ${outcome?.trim()}`, 'base64url')
}
