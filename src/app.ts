import { TypeBoxValidatorCompiler, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Fastify, { LogController, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Config } from '../schemas/config.ts'
import { localBus } from './bus/local.ts'
import { completeConfig } from './config.ts'
import { RelayError } from './errors.ts'
import { createAuthenticator } from './http/guards/authenticator.ts'
import { callback } from './http/routes/callback.ts'
import { events } from './http/routes/events.ts'
import { countFailures } from './http/guards/failures.ts'
import { metricsRoute } from './http/routes/metrics.ts'
import { createStreamLimits } from './http/guards/stream-limits.ts'
import { health } from './http/routes/health.ts'
import { page } from './http/routes/page.ts'
import { sendProblem } from './http/problems.ts'
import { protect, SERVER } from './http/server.ts'
import { createStreams } from './http/streams/registry.ts'
import { tasks } from './http/routes/tasks.ts'
import { replayQuarantine, trimPeriodically } from './housekeeping.ts'
import { createHub, type Hub } from './hub/hub.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { openStore } from './store/open.ts'
import { ticketCheck } from './ticket.ts'

const HOUR_MS = 3_600_000

export interface PhraseRelayOptions {
  /** What keeps and follows events; the plugin closes it with the app. */
  readonly hub: Hub
  /** Settings that are not the default; those of the process (`HOST`, `PORT`, `LOG_LEVEL`, `STORE_URL`, `CORS_ORIGINS`, `TRUST_PROXY`, `ALLOW_OPEN_CALLBACKS`) have no effect here. */
  readonly config?: Partial<Config>
  /** What `/metrics` shows. Default: metrics of the plugin's own, without those of the store. */
  readonly metrics?: Metrics
}

/**
 * The relay as a Fastify plugin: mounts `/callback`, `/events`, `/tasks`, `/healthz`, `/readyz`, `/metrics` and the live page under its prefix.
 *
 * Task ids go to 128 characters: give the app `routerOptions: { maxParamLength: 128 }`, Fastify's own limit is 100. With
 * `return503OnClosing: false` browsers that reconnect while the app closes are told to come back.
 *
 * @throws {RangeError} when a setting is wrong, naming it
 */
export const phraseRelay: FastifyPluginAsyncTypebox<PhraseRelayOptions> = async (app, { hub, config = {}, metrics = createMetrics() }) => {
  const { BODY_LIMIT_BYTES, DRAIN_MS, KEEP_ALIVE_MS, RETENTION_HOURS, RETRY_MS, STREAM_BUFFER_BYTES, ...settings } = completeConfig(config)
  const limits = createStreamLimits({ total: settings.MAX_STREAMS, perNetwork: settings.MAX_STREAMS_PER_IP, perTask: settings.MAX_STREAMS_PER_TASK })
  const checkTicket = ticketCheck(settings.TICKET_KEYS)
  const authenticator = createAuthenticator(settings.CALLBACK_TOKENS, settings.WEBHOOK_HMAC_KEYS, settings.SIGNATURE_WINDOW_SECONDS)
  const streams = createStreams(KEEP_ALIVE_MS, RETRY_MS)
  const stopTrimming = trimPeriodically(hub, app.log, RETENTION_HOURS * HOUR_MS)

  app.setValidatorCompiler(TypeBoxValidatorCompiler)
  app.setErrorHandler(sendProblem)
  app.addHook('onReady', () => replayQuarantine(hub, app.log))
  // A connection that a client keeps for later would hold up the end.
  app.addHook('onSend', (_request, reply, _payload, next) => {
    if (streams.draining) reply.header('connection', 'close')
    next()
  })
  app.addHook('preClose', () => streams.drain(DRAIN_MS))
  app.addHook('onClose', async () => {
    stopTrimming()
    await hub.close()
  })

  await app.register(callback, { hub, bodyLimit: BODY_LIMIT_BYTES, authenticator, failed: countFailures(settings.AUTH_FAILURES_PER_MINUTE), metrics })
  await app.register(events, { hub, streams, limits, checkTicket, metrics, retryMs: RETRY_MS, bufferBytes: STREAM_BUFFER_BYTES })
  await app.register(tasks, { hub, streams, limits, checkTicket })
  await app.register(health, { hub, streams })
  await app.register(page, { openCallbacks: !authenticator.required, tickets: settings.TICKET_KEYS.length > 0 })
  await app.register(metricsRoute, { hub, metrics, token: settings.METRICS_TOKEN })
}

/** A relay that is ready to listen. */
export interface Relay {
  readonly app: FastifyInstance
  readonly hub: Hub
  /** Starts to listen where the configuration says; resolves with the real address, such as `http://127.0.0.1:3000`. */
  listen (): Promise<string>
  /** Ends streams over `DRAIN_MS`, then everything else. Twice is fine. */
  close (): Promise<void>
}

/**
 * Makes a relay of a configuration: opens its store, builds its server.
 *
 * @param given - settings that are not the default
 * @throws {RangeError} when a setting is wrong, naming every wrong one
 * @throws {RelayError} `STORE_UNAVAILABLE` when the store cannot be opened
 */
export async function createRelay (given: Partial<Config> = {}): Promise<Relay> {
  const config = completeConfig(given)
  const metrics = createMetrics()
  const hub = createHub({ store: await openStore(config, metrics.group), bus: localBus(), observer: metrics })
  const trustProxy = config.TRUST_PROXY === 'off' ? false : config.TRUST_PROXY
  const app: FastifyInstance = Fastify({ ...SERVER, ...LOGGING, trustProxy, logger: { level: config.LOG_LEVEL, serializers: { req: describeRequest } } })
  await protect(app, { corsOrigins: config.CORS_ORIGINS, maxStreams: config.MAX_STREAMS, drainMs: config.DRAIN_MS })
  app.setNotFoundHandler((request, reply) => sendProblem(new RelayError('NOT_FOUND', `Cannot ${request.method} this path: there is nothing here`), request, reply))
  await app.register(phraseRelay, { hub, config, metrics })

  return {
    app,
    hub,
    listen: () => app.listen({ host: config.HOST, port: config.PORT, listenTextResolver }),
    close: () => app.close()
  }
}

const LOGGING: FastifyServerOptions = {
  // Lines name the task, which says more than the number of a request; a logger for each request would weigh on every stream.
  childLoggerFactory: (logger) => logger,
  // A line for every request would drown what matters.
  logController: new LogController({ disableRequestLogging: true })
}

function listenTextResolver (address: string): string {
  return `listening on ${address} - open it in a browser, or watch a task: curl -N ${address}/events/demo`
}

function describeRequest ({ method, url }: { method: string, url: string }): { method: string, path: string | undefined } {
  return { method, path: url.split('?', 1)[0] }
}
