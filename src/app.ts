import Fastify, { type FastifyInstance } from 'fastify'
import type { Config } from '../schemas/config.ts'
import { completeConfig } from './config.ts'
import { createRefusalLog } from './http/guards/refusal-log.ts'
import { planCapacity, readDescriptorLimit, reportRefusedConnections, type Capacity } from './http/capacity.ts'
import { toListenError, type ListenAddress } from './http/listen.ts'
import { harden, SERVER_OPTIONS, trustedProxies } from './http/server.ts'
import { answerUnknownPaths, unmatchedReport } from './http/routes/unmatched.ts'
import { createHub, type Hub } from './hub/hub.ts'
import { logOptions } from './log.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { mountRelay } from './plugin.ts'
import { reportRedis } from './redis-report.ts'
import { openHistory, type HistoryOptions } from './storage.ts'

// Connections that wait to be accepted. With the default of 511, a burst of new ones loses some, which try again after
// a second or later. The system may have a lower limit.
const BACKLOG = 4096

/** A relay that is ready to listen. */
export interface Relay {
  readonly app: FastifyInstance
  readonly hub: Hub
  /** Listens on `HOST` and `PORT`. Resolves with the real address, such as `http://127.0.0.1:3000`. */
  listen (): Promise<string>
  /** Ends streams over `DRAIN_MS`, then closes everything. Safe to call twice. */
  close (): Promise<void>
}

/**
 * Creates a relay: opens its store and builds its server.
 *
 * @param given - settings that differ from the default
 * @throws {RangeError} naming every wrong setting
 * @throws {RelayError} `STORE_UNAVAILABLE` if the store cannot be opened
 */
export async function createRelay (given: Partial<Config> = {}): Promise<Relay> {
  const config = completeConfig(given)
  const metrics = createMetrics()
  const app = await createServer(config)
  const hub = createHub({ ...await openHistory(config, historyOptions(app, metrics)), observer: metrics })
  const { maxStreams, maxConnections } = fitCapacity(app, config)
  const trustsProxy = config.TRUST_PROXY !== 'off'
  await harden(app, { corsOrigins: config.CORS_ORIGINS, maxConnections, trustsProxy, drainMs: config.DRAIN_MS })
  reportRefusedConnections(app.server, metrics.connectionRefused, app.log)
  const refusals = createRefusalLog(app.log)
  answerUnknownPaths(app, unmatchedReport(metrics, refusals))
  const options = { hub, config: { ...config, MAX_STREAMS: maxStreams }, metrics }
  await app.register(async (relay) => mountRelay(relay, options, refusals))

  return {
    app,
    hub,
    listen: () => listen(app, { host: config.HOST, port: config.PORT }),
    close: () => app.close()
  }
}

function historyOptions ({ log }: FastifyInstance, { group, registry }: Metrics): HistoryOptions {
  return {
    committed: group,
    observer: () => reportRedis(registry, log),
    warn: (message) => { log.warn(message) }
  }
}

async function createServer (config: Config): Promise<FastifyInstance> {
  const { KEEP_ALIVE_TIMEOUT_MS: keepAliveTimeout, TRUST_PROXY } = config
  const trustProxy = trustedProxies(TRUST_PROXY)
  return Fastify({ ...SERVER_OPTIONS, ...await logOptions(config), keepAliveTimeout, trustProxy })
}

/** Fits `MAX_STREAMS` into the descriptor limit of the process, and warns if that lowers it. */
function fitCapacity (app: FastifyInstance, { MAX_STREAMS }: Config): Capacity {
  const descriptors = readDescriptorLimit()
  const capacity = planCapacity(MAX_STREAMS, descriptors)
  const { maxStreams } = capacity
  if (maxStreams !== MAX_STREAMS) {
    app.log.warn({ MAX_STREAMS, descriptors, maxStreams }, 'MAX_STREAMS lowered to fit the descriptor limit')
  }
  return capacity
}

async function listen (app: FastifyInstance, address: ListenAddress): Promise<string> {
  try {
    return await app.listen({ ...address, backlog: BACKLOG, listenTextResolver })
  } catch (error) {
    throw toListenError(error as Error, address)
  }
}

function listenTextResolver (address: string): string {
  return `listening on ${address} - open it in a browser, or watch a task: curl -N ${address}/events/demo`
}
