import type { SubmissionCalls } from '../submission-calls.ts'
import type { Kept } from './event-log.ts'

/** Methods of the writer that `Submissions` calls. */
export type SubmissionMethods = Pick<SubmissionCalls<Kept>, typeof METHODS[number]>

const METHODS = ['reserve', 'expect', 'cancel', 'watch', 'claim', 'pause', 'overdue', 'answer', 'giveUp'] as const

/**
 * Returns the writer's methods for submissions.
 *
 * @param write - runs a transaction with the calls of the open database
 */
export function submissionMethods (write: <T>(work: (calls: SubmissionMethods) => T) => T): SubmissionMethods {
  const methods = METHODS.map((method) => {
    const run = (...args: unknown[]) => write((calls) => (calls[method] as (...args: unknown[]) => unknown)(...args))
    return [method, run]
  })
  return Object.fromEntries(methods)
}
