import type { Step } from '../../schemas/callback.ts'
import { RelayError } from '../errors.ts'
import type { EventDraft } from '../event.ts'
import { readCallback } from './callback.ts'
import type { SunoClient } from './client.ts'
import { SunoError } from './error.ts'

/** Event that Suno's answer amounts to, or the failure of the question. */
export type SunoReport = { readonly draft: EventDraft } | {
  /** Meaning of the failure in one word. */
  readonly failure: string
  readonly reason: string
  /** Time for which Suno wants no question, in milliseconds. */
  readonly retryAfterMs?: number | undefined
}

/** Returns a function that asks Suno for the state of a task and reads the answer like a callback. */
export function createAsk (client: Pick<SunoClient, 'ask'>): (step: Step, taskId: string) => Promise<SunoReport> {
  return async (step, taskId) => {
    try {
      const body = await client.ask(step, taskId)
      return readCallback(step, body, { receivedAt: new Date(), signedTaskId: taskId, source: 'query' })
    } catch (error) {
      if (error instanceof SunoError) return toFailure(error)
      if (error instanceof RelayError) return { failure: 'unreadable', reason: error.message }
      throw error
    }
  }
}

function toFailure ({ kind, message, retryAfterSeconds }: SunoError): SunoReport {
  const retryAfterMs = retryAfterSeconds === null ? undefined : retryAfterSeconds * 1000
  return { failure: kind, reason: message, retryAfterMs }
}
