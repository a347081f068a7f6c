import type { Config } from '../../schemas/config.ts'
import type { Hub } from '../hub/hub.ts'
import { createQuestioner } from '../hub/questioner.ts'
import { watchOver } from '../hub/watch-over.ts'
import type { Metrics } from '../metrics.ts'
import { createReservations, type Reservations } from './reservation.ts'
import { createSubmitter, type Submitter } from './submitter.ts'
import { createAsk } from '../suno/ask.ts'
import { createSunoClient } from '../suno/client.ts'
import { watchDeadlines } from './deadlines.ts'
import { createSubmissionReport, type ReportLog, type SubmissionReport } from './report.ts'

const DAY_MS = 86_400_000

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

/** Creates the asking, and starts the loop that watches over submissions. */
export function createAsking ({ config, hub: { submissions }, log, metrics }: AskingOptions): Asking {
  const { SUNO_API_KEY: apiKey, SUNO_API_URL: apiUrl, ASK_AFTER_MS: askAfterMs, GIVE_UP_MS: giveUpMs } = config
  const report = createSubmissionReport(log, metrics)
  const reservations = createReservations(() => submissions.signingKey(), apiKey !== '')
  if (apiKey === '') {
    const { stop } = watchDeadlines({ submissions, report, log })
    return { report, reservations, submitter: undefined, stop }
  }

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
    // As long as the store keeps the reservation.
    tokenLifeMs: Math.max(DAY_MS, giveUpMs),
    patience: { askAfterMs, giveUpMs },
    onExpected: loop.dueIn,
    onEarlier: report.onEarlier
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
