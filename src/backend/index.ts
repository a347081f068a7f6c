import type { Step } from '../../schemas/relay-event.ts'

export type { Step } from '../../schemas/relay-event.ts'

/** Submission: the step, with the vendor's own fields, all but the callback URL. */
export type SubmitBody = Readonly<Record<string, unknown>> & { readonly step: Step }

/** Submission that the relay watches over. */
export interface SubmittedTask {
  readonly taskId: string
  readonly step: Step
  /** Event id before the submission: a stream that starts here shows only what the submission brings. */
  readonly lastEventId: string
  /** URL of that stream, with the ticket in it: pass it to the browser as it is. */
  readonly events: string
  /** Ticket for the task; null where the relay needs none. */
  readonly ticket: string | null
  /** Time at which the ticket expires, ISO 8601, UTC; null without a ticket. */
  readonly expiresAt: string | null
}

/** Options of `submitTask`. */
export interface SubmitTaskOptions {
  /** Makes a repeated call safe: the same key and body within a day are submitted once. */
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch
}

/** Body of an error answer of the relay. */
export interface SubmitProblem {
  readonly code?: string
  readonly detail?: string
  readonly sunoCode?: number
}

/** Error of the relay, such as `SUNO_REFUSED` or `SUNO_NO_CREDITS`. */
export class SubmitError extends Error {
  override readonly name = 'SubmitError'
  readonly status: number
  /** Code of the problem; empty when the answer is not the relay's. */
  readonly code: string
  /** Suno's own number; null without one. */
  readonly sunoCode: number | null
  /** Time after which a repeated call may succeed, in seconds; null when the relay names none. */
  readonly retryAfterSeconds: number | null

  constructor (response: Response, problem: SubmitProblem) {
    const { code = '', detail, sunoCode = null } = problem
    super(detail ?? `Cannot submit the task: the relay answers with HTTP ${response.status}`)
    this.status = response.status
    this.code = code
    this.sunoCode = sunoCode
    this.retryAfterSeconds = Number(response.headers.get('retry-after')) || null
  }
}

/**
 * Submits a step to Suno through a relay, which watches over the outcome. For a backend: the API token is a secret.
 *
 * @param baseUrl - URL of the relay, with its prefix
 * @param apiToken - one of the relay's `API_TOKENS`; empty where it has none
 * @throws {SubmitError} when the relay refuses or cannot submit
 * @throws {TypeError} when the relay cannot be reached
 */
export async function submitTask (
  baseUrl: string, apiToken: string, body: SubmitBody, options: SubmitTaskOptions = {}
): Promise<SubmittedTask> {
  const { idempotencyKey, signal, fetch = globalThis.fetch } = options
  const headers = {
    'content-type': 'application/json',
    ...apiToken && { authorization: `Bearer ${apiToken}` },
    ...idempotencyKey && { 'idempotency-key': idempotencyKey }
  }
  const init = { method: 'POST', headers, body: JSON.stringify(body), signal: signal ?? null }
  const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/tasks`, init)
  if (response.ok) return await response.json() as SubmittedTask
  throw new SubmitError(response, await response.json().catch(() => ({})) ?? {})
}
