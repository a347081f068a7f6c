import { createGiveUp } from '../hub/questioner.ts'
import type { Submissions } from '../hub/submissions.ts'
import { LIMITS, watchOver, type WatchLoop } from '../hub/watch-over.ts'
import type { ReportLog, SubmissionReport } from './report.ts'

/** Parts of the loop. */
export interface DeadlinesOptions {
  readonly submissions: Submissions
  readonly report: SubmissionReport
  readonly log: Pick<ReportLog, 'warn'>
}

/**
 * Starts the loop of a relay without `SUNO_API_KEY`: submissions of before it was removed end at their deadline. Other
 * processes on the store may ask for them until then. The log says once that there are any.
 */
export function watchDeadlines ({ submissions, report, log }: DeadlinesOptions): WatchLoop {
  let isLogged = false

  async function nextDueMs (): Promise<number | undefined> {
    const ms = await submissions.nextDueMs()
    if (ms === undefined || isLogged) return ms
    isLogged = true
    log.warn({ failure: 'no-key', reason: 'SUNO_API_KEY is not set' }, 'cannot ask Suno')
    return ms
  }

  return watchOver({
    submissions: { ...submissions, nextDueMs },
    questioner: createGiveUp({ submissions, report }),
    // The calls that need the store report its failure.
    report: { onError () {} },
    limits: { ...LIMITS, maxQuestions: 0 }
  })
}
