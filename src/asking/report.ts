import type { Appended, Settled } from '../hub/hub.ts'
import type { WatchReport } from '../hub/questioner.ts'
import type { Replayed } from '../hub/replay.ts'
import type { Submission } from '../hub/submissions.ts'
import type { Metrics } from '../metrics.ts'

/** The part of a logger that reports are written to. */
export interface ReportLog {
  info (details: object, message: string): void
  warn (details: object, message: string): void
  error (details: object, message: string): void
}

type Source = 'callback' | 'query'
type Settling = Pick<Appended, 'event'> & { readonly settled?: Settled | undefined }

/** Report of submissions from their start to their outcome. */
export interface SubmissionReport extends WatchReport {
  /** Reports the settled submission of an append, if there is one. */
  onAppended (appended: Appended, source: Source): void
  /**
   * Reports a submission that a callback from before the watch has settled.
   *
   * @param ms - time from the submission to now, in milliseconds; undefined if it was made elsewhere
   */
  onEarlier (submission: Pick<Submission, 'taskId' | 'step'>, ms?: number): void
  /** Reports the settled submission of a callback from quarantine, if there is one. */
  onReplayed (replayed: Replayed): void
}

/** Failures of the account or of Suno rather than of one task: logged once until an answer comes. */
const GENERAL = new Set(['unauthorized', 'no-credits', 'busy', 'unreachable'])

/** Creates a report to a log and to metrics. */
export function createSubmissionReport (log: ReportLog, metrics: Metrics): SubmissionReport {
  let trouble = ''

  function onAppended ({ event: kept, settled }: Settling, source: Source): void {
    if (!settled) return
    const { taskId, event, id: eventId } = kept
    const ms = Date.now() - settled.submittedAt
    metrics.settled(source, settled.step, ms)
    log.info({ taskId, step: settled.step, event, eventId, source, ms }, 'submission settled')
  }

  function onFailure (failure: string, reason: string): void {
    if (!GENERAL.has(failure) || failure === trouble) return
    trouble = failure
    log.warn({ failure, reason }, 'cannot ask Suno')
  }

  return {
    onAppended,

    onEarlier ({ taskId, step }, ms) {
      metrics.settled('callback', step, ms)
      log.info({ taskId, step, source: 'callback', ms }, 'submission settled')
    },

    onReplayed ({ event, settled }) { if (event) onAppended({ event, settled }, 'callback') },

    onAsked (_submission, answer, failure) {
      metrics.question(answer)
      if (failure) return onFailure(answer, failure.reason)
      if (trouble) log.info({}, 'Suno answers again')
      trouble = ''
    },

    onOverdue ({ taskId, step }, { event: { event, id: eventId } }) {
      metrics.event(event)
      log.info({ taskId, step, eventId }, 'task overdue')
    },

    onTimeout ({ taskId, step, asked }, { event: { event, id: eventId } }) {
      metrics.event(event)
      log.info({ taskId, step, asked, eventId }, 'task timed out')
    },

    onAnswer (_submission, appended) {
      metrics.event(appended.event.event)
      onAppended(appended, 'query')
    },

    onError (error) { log.error({ err: error }, (error as Error).message) }
  }
}
