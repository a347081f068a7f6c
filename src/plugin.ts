import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../schemas/config.ts'
import { createReadiness } from './admin/readiness.ts'
import { createAsking } from './asking/asking.ts'
import { callbacksNeedProof, completeConfig, isBehindProxy } from './config.ts'
import { replayQuarantine, trimPeriodically } from './housekeeping.ts'
import { setCompilers } from './http/compilers.ts'
import { adminCheck } from './http/guards/admin.ts'
import { apiTokenCheck } from './http/guards/api-token.ts'
import { createAuthenticator, type VerifyReservation } from './http/guards/authenticator.ts'
import { createAuthFailures } from './http/guards/failures.ts'
import { createRefusalLog, type RefusalLog } from './http/guards/refusal-log.ts'
import { knownHostsOnly } from './http/guards/host.ts'
import { createStreamLimits } from './http/guards/stream-limits.ts'
import { createUnderWay } from './http/guards/under-way.ts'
import { refuseOtherMethods } from './http/routes/methods.ts'
import { sendProblem } from './http/problems.ts'
import { admin } from './http/routes/admin.ts'
import { adminPage } from './http/routes/admin-page.ts'
import { callback, type CallbackOptions } from './http/routes/callback.ts'
import { descriptions } from './http/routes/descriptions.ts'
import { erase } from './http/routes/erase.ts'
import { events } from './http/routes/events.ts'
import { health } from './http/routes/health.ts'
import { metricsRoute } from './http/routes/metrics.ts'
import { page } from './http/routes/page.ts'
import { countRefusedReads } from './http/routes/refused-reads.ts'
import { submit } from './http/routes/submit.ts'
import { tasks } from './http/routes/tasks.ts'
import { createStreams, type Streams } from './http/streams/registry.ts'
import { unmatchedReport } from './http/routes/unmatched.ts'
import type { Hub } from './hub/hub.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { reportRecovery } from './recovery.ts'
import { readCallback } from './suno/callback.ts'
import { ticketCheck } from './ticket.ts'

const HOUR_MS = 3_600_000

/** Options of the plugin `phraseRelay`. */
export interface PhraseRelayOptions {
  /** Keeps and follows events. The plugin closes it with the app. */
  readonly hub: Hub
  /**
   * Settings that differ from the default. The settings of the process (`HOST`, `PORT`, `LOG_LEVEL`, `LOG_FORMAT`,
   * `STORE_URL`, `CORS_ORIGINS`, `TRUST_PROXY`, `ALLOW_OPEN_CALLBACKS`) have no effect here.
   */
  readonly config?: Partial<Config>
  /** Metrics that `/metrics` shows. Default: metrics of the plugin, without those of the store. */
  readonly metrics?: Metrics
}

/**
 * Fastify plugin that mounts `/callback`, `/events`, `/tasks`, `/healthz`, `/readyz`, `/metrics`, `/openapi.json`,
 * `/asyncapi.json`, `/admin` and the live page under its prefix.
 *
 * Create the app with `routerOptions: { maxParamLength: 128 }`: task ids have up to 128 characters, and Fastify's limit
 * is 100. Set `return503OnClosing: false`: otherwise Fastify answers 503 during a close, and browsers do not reconnect
 * after a 503.
 *
 * @throws {RangeError} naming every wrong setting
 */
export const phraseRelay: FastifyPluginAsyncTypebox<PhraseRelayOptions> = async (app, options) => {
  await mountRelay(app, options, createRefusalLog(app.log))
}

/**
 * Mounts a relay, see {@link phraseRelay}.
 *
 * @param refusals - log of refused callbacks, which the app may share
 */
export async function mountRelay (
  app: FastifyInstance, options: PhraseRelayOptions, refusals: RefusalLog
): Promise<void> {
  const { metrics = createMetrics() } = options
  const { hub, stop: stopReport } = reportRecovery(options.hub, app.log)
  const config = completeConfig(options.config ?? {})
  const streams = createStreams(config.KEEP_ALIVE_MS, config.RETRY_MS)
  const asking = createAsking({ config, hub, log: app.log, metrics })
  const guards = createGuards(config, asking.reservations.verify, metrics)
  const stopTrimming = trimPeriodically(hub, app.log, config.RETENTION_HOURS * HOUR_MS)

  setCompilers(app)
  app.setErrorHandler(sendProblem)
  if (!guards.authenticator.required) app.addHook('onRequest', knownHostsOnly(config.PUBLIC_URL))
  app.addHook('onReady', () => replayQuarantine(hub, app.log, asking.report.onReplayed))
  // An idle keep-alive connection would delay the close.
  app.addHook('onSend', (_request, reply, _payload, next) => {
    if (streams.draining) reply.header('connection', 'close')
    next()
  })
  app.addHook('preClose', () => streams.drain(config.DRAIN_MS))
  app.addHook('onClose', async () => {
    stopTrimming()
    stopReport()
    refusals.flush()
    await asking.stop()
    await hub.close()
  })

  const refuseOthers = refuseOtherMethods(app, unmatchedReport(metrics, refusals))
  await mountRoutes(app, { ...guards, config, hub, metrics, streams, asking, refusals })
  refuseOthers()
}

interface Parts extends ReturnType<typeof createGuards> {
  readonly config: Config
  readonly hub: Hub
  readonly metrics: Metrics
  readonly streams: Streams
  readonly asking: ReturnType<typeof createAsking>
  readonly refusals: RefusalLog
}

async function mountRoutes (app: FastifyInstance, parts: Parts): Promise<void> {
  const { config, hub, metrics, streams, asking, refusals, authenticator, failures, limits, checkTickets } = parts
  const bodyLimit = config.BODY_LIMIT_BYTES
  const onAppended: CallbackOptions['onAppended'] = (appended) => { asking.report.onAppended(appended, 'callback') }
  const underWay = createUnderWay(config.MAX_CALLBACKS)
  const inbound = { hub, read: readCallback, bodyLimit, authenticator, failures, metrics, refusals, underWay }
  await app.register(callback, { ...inbound, onAppended })
  const checkApiToken = apiTokenCheck(config.API_TOKENS)
  await app.register(submit, { ...submitOptions(config), checkApiToken, submitter: asking.submitter, metrics })
  await app.register(erase, { hub, checkApiToken })
  const stream = { retryMs: config.RETRY_MS, bufferBytes: config.STREAM_BUFFER_BYTES }
  await app.register(async (reads) => {
    countRefusedReads(reads, metrics.readRefused)
    await reads.register(events, { hub, streams, limits, checkTickets, metrics, ...stream })
    await reads.register(tasks, { hub, streams, limits, checkTickets })
  })
  await app.register(health, { hub, streams })
  await app.register(page, {
    openCallbacks: !authenticator.required,
    openSubmissions: asking.submitter !== undefined && config.API_TOKENS.length === 0,
    tickets: config.TICKET_KEYS.length > 0,
    tokens: config.CALLBACK_TOKENS.length > 0,
    publicUrl: publicUrlOf(config)
  })
  await app.register(descriptions, { publicUrl: publicUrlOf(config) })
  const readiness = createReadiness({ hub, streams })
  await app.register(metricsRoute, { hub, readiness, metrics, token: config.METRICS_TOKEN })
  const proxied = isBehindProxy(config)
  const check = adminCheck({ token: config.ADMIN_TOKEN, isBehindProxy: proxied, failures, refusals })
  await app.register(admin, { hub, readiness, metrics, refusals, check })
  await app.register(adminPage, { check })
}

function createGuards (config: Config, verifyReservation: VerifyReservation, metrics: Metrics) {
  const { CALLBACK_TOKENS: tokens, WEBHOOK_HMAC_KEYS: keys, SIGNATURE_WINDOW_SECONDS: windowSeconds } = config
  const required = callbacksNeedProof(config)
  const { MAX_STREAMS: total, MAX_STREAMS_PER_IP: perNetwork, MAX_STREAMS_PER_TASK: perTask } = config
  return {
    authenticator: createAuthenticator({ tokens, keys, windowSeconds, required, verifyReservation }),
    failures: createAuthFailures(config.AUTH_FAILURES_PER_MINUTE),
    limits: createStreamLimits({ total, perNetwork, perTask, onRefused: metrics.readRefused }),
    checkTickets: ticketCheck(config.TICKET_KEYS)
  }
}

/** Returns `PUBLIC_URL` without a slash at the end. */
function publicUrlOf ({ PUBLIC_URL }: Config): string {
  return PUBLIC_URL.replace(/\/+$/, '')
}

function submitOptions (config: Config) {
  return {
    publicUrl: publicUrlOf(config),
    ticketKey: config.TICKET_KEYS[0],
    bodyLimit: config.BODY_LIMIT_BYTES
  }
}
