import type { Step } from '../../schemas/callback.ts'
import type { EventData, EventName } from '../../schemas/event.ts'
import type { EventDraft } from '../event.ts'
import type { Appended } from '../store/store.ts'
import type { Due, Submissions } from '../store/submissions.ts'

/** Max time for which one answer stops all questions, in milliseconds. The next answer can prolong it. */
export const MAX_PAUSE_MS = 120_000
const FIRST_DELAY_MS = 5000
const MAX_DELAY_MS = 30_000
const GROWTH = 1.5
const JITTER = 0.2

/** Answer of Suno, read like a callback, or the failure of a question. */
export type Asked = { readonly draft: EventDraft } | FailedQuestion

/** Question without an answer. */
export interface FailedQuestion {
  /** Meaning of the failure in one word. */
  readonly failure: string
  /** The failure in words. */
  readonly reason: string
  /** Time for which Suno wants no question, in milliseconds. */
  readonly retryAfterMs?: number | undefined
}

/** Asks Suno for the state of a task. */
export type Ask = (step: Step, taskId: string) => Promise<Asked>

/** Receives what happens to submissions, for logs and metrics. */
export interface WatchReport {
  /** @param answer - name of the event that the answer amounts to, or the meaning of the failure */
  onAsked (submission: Due, answer: string, failure?: FailedQuestion): void
  onOverdue (submission: Due, appended: Appended): void
  onTimeout (submission: Due, appended: Appended): void
  /** An answer has brought an event. */
  onAnswer (submission: Due, appended: Appended): void
  /** The store has failed; the submission is claimed again when its lease has ended. */
  onError (error: unknown): void
}

/** Parts of a questioner. */
export interface QuestionerOptions {
  /** Submissions of a hub, which publishes the events that they append. */
  readonly submissions: Submissions
  readonly ask: Ask
  readonly report: WatchReport
  /** Default: the wall clock, in milliseconds since 1970. */
  readonly now?: () => number
  /** Default: `Math.random`. */
  readonly random?: () => number
}

/**
 * Does what is due for a submission: reports it as overdue, asks Suno and hands the answer over, or gives up.
 *
 * @returns the time until it is due again, in milliseconds; undefined when its watch has ended
 * @throws {RelayError} `STORE_UNAVAILABLE` when the store fails
 */
export type Questioner = (submission: Due) => Promise<number | undefined>

/** Creates a questioner that asks nothing: it gives up the submission. */
export function createGiveUp (
  { submissions, report, now = Date.now }: Pick<QuestionerOptions, 'submissions' | 'report' | 'now'>
): (submission: Due) => Promise<undefined> {
  return async (submission) => {
    const appended = await submissions.giveUp(submission.id, relayEvent('task-timeout', submission, now()))
    if (appended) report.onTimeout(submission, appended)
  }
}

/** Creates a questioner. */
export function createQuestioner (options: QuestionerOptions): Questioner {
  const { submissions, ask, report, now = Date.now, random = Math.random } = options
  const giveUp = createGiveUp(options)

  /** Resolves with false when the submission has its outcome or a newer one has taken its place. */
  async function becomeOverdue (submission: Due): Promise<boolean> {
    if (submission.stage === 'overdue') return true
    const appended = await submissions.overdue(submission.id, relayEvent('task-overdue', submission, now()))
    if (appended) report.onOverdue(submission, appended)
    return appended !== undefined
  }

  async function question (submission: Due): Promise<number> {
    const asked = await ask(submission.step, submission.taskId)
    const nextMs = delayAfter(submission.asked, random())
    if ('failure' in asked) {
      report.onAsked(submission, asked.failure, asked)
      if (asked.retryAfterMs) await submissions.pause(Math.min(asked.retryAfterMs, MAX_PAUSE_MS))
      await submissions.answer(submission.id, { nextMs })
      return nextMs
    }
    report.onAsked(submission, asked.draft.event)
    const appended = await submissions.answer(submission.id, { draft: asked.draft, nextMs })
    if (appended) report.onAnswer(submission, appended)
    return nextMs
  }

  return async (submission) => {
    if (submission.isPastDeadline) return giveUp(submission)
    return await becomeOverdue(submission) ? question(submission) : undefined
  }
}

/**
 * Returns the time from a question to the next: 5 s, growing to 30 s, and up to a fifth more at random.
 *
 * @param asked - number of questions so far
 */
export function delayAfter (asked: number, random: number): number {
  const ms = Math.min(FIRST_DELAY_MS * GROWTH ** (asked - 1), MAX_DELAY_MS)
  return Math.round(ms * (1 + JITTER * random))
}

const WORDS = {
  'task-overdue': 'No callback came in time. The relay asks Suno for the outcome from now on.',
  'task-timeout': 'No outcome came in time. The relay has stopped asking, a late callback is still accepted.'
} as const satisfies Partial<Record<EventName, string>>

/** Returns an event of the relay itself, with the fields of every event. */
function relayEvent (event: keyof typeof WORDS, { id, taskId, step, submittedAt }: Due, now: number): EventDraft {
  const data: EventData = {
    taskId,
    step,
    code: null,
    msg: WORDS[event],
    status: null,
    validateInfo: null,
    errorCode: null,
    errorMessage: null,
    submittedAt: new Date(submittedAt).toISOString(),
    receivedAt: new Date(now).toISOString()
  }
  return { event, data: JSON.stringify(data), digest: `${event} ${id}` }
}
