import { randomBytes } from 'node:crypto'
import type { Step } from '../../schemas/callback.ts'
import { RelayError } from '../errors.ts'
import { MAX_PAUSE_MS } from '../hub/questioner.ts'
import type { Patience, ReservationDraft, Reserved, Submission, Submissions } from '../hub/submissions.ts'
import type { SubmissionReport } from './report.ts'
import type { Reservations } from './reservation.ts'
import type { SunoClient } from '../suno/client.ts'
import { SunoError } from '../suno/error.ts'

const ID_BYTES = 18
const MAX_LOST = 1000
// A call is over after 10 seconds, so a reservation of another process is no longer under way after this time.
const UNDER_WAY_MS = 15_000

/** Submission to make. */
export interface SubmitOptions {
  readonly step: Step
  /** The vendor's own fields. */
  readonly fields: Readonly<Record<string, unknown>>
  /** Key and digest of a request that may be repeated. */
  readonly idempotency?: { readonly key: string, readonly digest: string } | undefined
}

/** Submission whose task is known. */
export type Named = Submission & { readonly taskId: string, readonly place: string }

/** Submits to Suno and makes the relay watch over the outcome. */
export interface Submitter {
  /**
   * Submits a step, or returns the earlier submission of the same request.
   *
   * @throws {RelayError} `SUNO_REFUSED`, `SUNO_NO_CREDITS`, `SUNO_BUSY`, `SUNO_UNREACHABLE`, `IDEMPOTENCY_KEY_REUSED`,
   *   `SUBMISSION_UNDER_WAY`, `TASK_EXPIRED`, `STORE_UNAVAILABLE`
   */
  submit (options: SubmitOptions): Promise<{ readonly submission: Named, readonly isRepeat: boolean }>
  /** Watches over a task that was submitted elsewhere. */
  watch (taskId: string, step: Step): Promise<{ readonly submission: Named, readonly created: boolean }>
}

/** Parts of a submitter. */
export interface SubmitterOptions {
  readonly submissions: Submissions
  readonly client: Pick<SunoClient, 'submit'>
  readonly reservations: Reservations
  /** Public URL of the relay; empty where Suno cannot reach it. */
  readonly publicUrl: string
  /** Time for which a callback URL is valid, in milliseconds. */
  readonly tokenLifeMs: number
  readonly patience: Patience
  /** Called with the time until something new is due, in milliseconds. */
  readonly onExpected: (ms: number) => void
  /** Called with a submission that an outcome from before the watch has settled. */
  readonly onEarlier: SubmissionReport['onEarlier']
}

/** Creates a submitter. */
export function createSubmitter (options: SubmitterOptions): Submitter {
  const { submissions, client, reservations, publicUrl, tokenLifeMs, patience, onExpected, onEarlier } = options
  const underWay = new Set<string>()
  // Submissions of this process whose answer never came, and those that the store failed to keep, with their task.
  const lost = new Map<string, string | undefined>()
  // Reservations of this process whose call was not made, and that the store may hold all the same.
  const unmade = new Set<string>()

  async function callbackUrl (id: string, step: Step): Promise<string | undefined> {
    if (publicUrl === '') return undefined
    const token = await reservations.sign(id, step, new Date(Date.now() + tokenLifeMs))
    return `${publicUrl}/callback/${step}?token=${token}`
  }

  async function expect (id: string, taskId: string): Promise<Named> {
    const submission = await submissions.expect(id, taskId)
    if (!submission) throw unreachable(`Cannot watch over ${taskId}: it was erased, or a callback names another task`)
    const { settled } = submission
    if (settled) onEarlier(submission, Date.now() - settled.submittedAt)
    onExpected(patience.askAfterMs)
    return submission as Named
  }

  /** Cancels a reservation whose call was not made, now or before the next one: it would block its key. */
  async function cancel (id: string): Promise<void> {
    unmade.add(id)
    await submissions.cancel(id)
    unmade.delete(id)
  }

  async function reserve (draft: ReservationDraft): Promise<Reserved> {
    for (const id of unmade) await cancel(id)
    try {
      return await submissions.reserve(draft, patience)
    } catch (error) {
      await cancel(draft.id).catch(() => {})
      throw error
    }
  }

  async function call (id: string, { step, fields }: SubmitOptions, url: string | undefined): Promise<Named> {
    try {
      const taskId = await client.submit(step, fields, url)
      return await expect(id, taskId).catch((error: RelayError) => { throw notKept(id, taskId, error) })
    } catch (error) {
      if (!(error instanceof SunoError)) throw error
      // A store that fails here must not hide why Suno did.
      await settleFailure(id, error).catch(() => {})
      throw toRelayError(error)
    }
  }

  function lose (id: string, taskId?: string): void {
    lost.set(id, taskId)
    if (lost.size > MAX_LOST) lost.delete(lost.keys().next().value as string)
  }

  /** Remembers a task that Suno has accepted, so that the same request again does not submit it twice. */
  function notKept (id: string, taskId: string, cause: RelayError): RelayError {
    if (cause.code !== 'STORE_UNAVAILABLE') return cause
    lose(id, taskId)
    // Not a 503: without an Idempotency-Key a client that tries again would submit again.
    const message = `Cannot keep the submission: Suno accepted it as task ${taskId}, and the store failed`
    return new RelayError('SUNO_UNREACHABLE', message, { cause })
  }

  /** Forgets the reservation, unless Suno may have accepted the submission. */
  async function settleFailure (id: string, { maybeSubmitted, retryAfterSeconds }: SunoError): Promise<void> {
    if (maybeSubmitted) lose(id)
    else await cancel(id)
    if (retryAfterSeconds) await submissions.pause(Math.min(retryAfterSeconds * 1000, MAX_PAUSE_MS))
  }

  /** Returns the submission of a repeated request, or throws what became of it. */
  async function again (submission: Submission, ageMs: number): Promise<Named> {
    const { id, stage } = submission
    if (stage === 'erased') {
      const message = 'Cannot submit: the task of the first request under this Idempotency-Key was erased'
      throw new RelayError('TASK_EXPIRED', message)
    }
    const taskId = submission.taskId ?? lost.get(id)
    if (taskId !== undefined) return stage === 'reserved' ? expect(id, taskId) : submission as Named
    if (underWay.has(id) || (!lost.has(id) && ageMs < UNDER_WAY_MS)) {
      const message = 'Cannot submit: the first request under this Idempotency-Key is under way'
      throw new RelayError('SUBMISSION_UNDER_WAY', message, { details: { retryAfterSeconds: 1 } })
    }
    throw unreachable('Cannot submit: Suno has not answered the first request under this Idempotency-Key', 504)
  }

  return {
    async submit (request) {
      const { step, fields, idempotency } = request
      const id = randomBytes(ID_BYTES).toString('base64url')
      const taskId = typeof fields['taskId'] === 'string' ? fields['taskId'] : undefined
      // First, so that a failure leaves no reservation behind.
      const url = await callbackUrl(id, step)
      const reserved = await reserve({ id, step, taskId, idempotency })
      if (reserved.result === 'conflict') {
        const message = 'Cannot submit: the Idempotency-Key was used with another body'
        throw new RelayError('IDEMPOTENCY_KEY_REUSED', message)
      }
      const isRepeat = reserved.result === 'repeat'
      if (isRepeat) return { submission: await again(reserved.submission, reserved.ageMs), isRepeat }
      underWay.add(id)
      return { submission: await call(id, request, url).finally(() => { underWay.delete(id) }), isRepeat }
    },

    async watch (taskId, step) {
      const id = randomBytes(ID_BYTES).toString('base64url')
      const { submission, created } = await submissions.watch({ id, taskId, step }, patience)
      if (created && submission.stage === 'settled') onEarlier(submission)
      if (created) onExpected(patience.askAfterMs)
      return { submission: submission as Named, created }
    }
  }
}

const CODES = {
  refused: 'SUNO_REFUSED',
  unauthorized: 'SUNO_REFUSED',
  'no-credits': 'SUNO_NO_CREDITS',
  busy: 'SUNO_BUSY',
  unreachable: 'SUNO_UNREACHABLE'
} as const

function toRelayError (error: SunoError): RelayError {
  const { kind, message, sunoCode, maybeSubmitted } = error
  const retryAfterSeconds = error.retryAfterSeconds ?? undefined
  // Without any answer from Suno, it is a timeout to the caller.
  const status = kind === 'unreachable' && maybeSubmitted && sunoCode === null ? 504 : undefined
  return new RelayError(CODES[kind], message, { cause: error, details: { status, sunoCode, retryAfterSeconds } })
}

function unreachable (message: string, status?: number): RelayError {
  return new RelayError('SUNO_UNREACHABLE', message, { details: { status } })
}
