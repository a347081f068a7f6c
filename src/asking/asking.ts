import type { Config } from '../../schemas/config.ts'
import type { Hub } from '../hub/hub.ts'
import { createQuestioner } from '../hub/questioner.ts'
import { watchOver } from '../hub/watch-over.ts'
import type { Metrics } from '../metrics.ts'
import { createReservations, type Reservations } from './reservation.ts'
import { createSubmitter, type Submitter } from './submitter.ts'
import { createAsk } from '../suno/ask.ts'
import { createSunoClient } from '../suno/client.ts'
import { createSubmissionReport, type ReportLog, type SubmissionReport } from './report.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Everything that submits to Suno and asks it. */
export interface Asking {
  readonly report: SubmissionReport
  readonly reservations: Reservations
  /** Undefined without `SUNO_API_KEY`. */
  readonly submitter: Submitter | undefined
  /** Ends the loop and the calls that are under way. Safe to call twice. */
  stop (): Promise<void>
}

/** Parts of the asking. */
export interface AskingOptions {
  readonly config: Config
  readonly hub: Hub
  readonly log: ReportLog
  readonly metrics: Metrics
}

/** Creates the asking and, with `SUNO_API_KEY`, starts the loop that watches over submissions. */
export function createAsking ({ config, hub: { submissions }, log, metrics }: AskingOptions): Asking {
  const { SUNO_API_KEY: apiKey, SUNO_API_URL: apiUrl, ASK_AFTER_MS: askAfterMs, GIVE_UP_MS: giveUpMs } = config
  const report = createSubmissionReport(log, metrics)
  const reservations = createReservations(() => submissions.signingKey())
  if (apiKey === '') return { report, reservations, submitter: undefined, stop: async () => {} }

  const client = createSunoClient({ apiUrl, apiKey })
  let isStopping = false
  function onAsked (...args: Parameters<SubmissionReport['onAsked']>): void {
    // A stop ends the questions that are under way.
    if (!isStopping) report.onAsked(...args)
  }
  const questioner = createQuestioner({ submissions, ask: createAsk(client), report: { ...report, onAsked } })
  const loop = watchOver({ submissions, questioner, report })
  const submitter = createSubmitter({
    submissions,
    client,
    reservations,
    publicUrl: config.PUBLIC_URL.replace(/\/+$/, ''),
    tokenLifeMs: tokenLife(config),
    patience: { askAfterMs, giveUpMs },
    onExpected: loop.dueIn
  })

  return {
    report,
    reservations,
    submitter,
    async stop () {
      isStopping = true
      const stopped = loop.stop()
      client.close()
      await stopped
    }
  }
}

/**
 * Returns the time for which a callback URL is valid. It ends before the submission is forgotten: the token of a
 * forgotten one would be good for any task.
 */
function tokenLife ({ RETENTION_HOURS, GIVE_UP_MS }: Config): number {
  const retentionMs = RETENTION_HOURS === 0 ? DAY_MS : RETENTION_HOURS * HOUR_MS
  return Math.max(Math.min(DAY_MS, retentionMs), GIVE_UP_MS)
}
