import { LogController, type FastifyServerOptions } from 'fastify'
import { stdTimeFunctions } from 'pino'
import type { Config } from '../schemas/config.ts'
import { pathOf } from './http/path.ts'

const PRETTY = {
  singleLine: true,
  ignore: 'pid,hostname',
  translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
  // A crash would lose lines that wait to be written.
  sync: true
}

/** Options of Fastify that are about its log. */
type LogOptions = Pick<FastifyServerOptions, 'logger' | 'logController' | 'childLoggerFactory'>

/**
 * Returns Fastify's options for the log on standard output: lines of JSON with the time in ISO 8601 and the level by
 * name, or readable lines.
 *
 * @param importPretty - imports `pino-pretty`, which an installation may omit
 * @throws {RangeError} if `LOG_FORMAT` is `pretty`, and `pino-pretty` is not installed
 */
export async function logOptions (
  { LOG_LEVEL, LOG_FORMAT }: Pick<Config, 'LOG_LEVEL' | 'LOG_FORMAT'>, importPretty = () => import('pino-pretty')
): Promise<LogOptions> {
  const logger = {
    level: LOG_LEVEL,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    serializers: { req: describeRequest }
  }
  const isPretty = LOG_FORMAT === 'pretty' || (LOG_FORMAT === 'auto' && process.stdout.isTTY)
  const pretty = isPretty ? await importPretty().catch(() => undefined) : undefined
  if (LOG_FORMAT === 'pretty' && !pretty) {
    throw new RangeError('Cannot start: LOG_FORMAT is pretty, which needs the package pino-pretty, expected json')
  }
  return {
    logger: pretty ? { ...logger, stream: pretty.default(PRETTY) } : logger,
    // Lines name the task instead of a request id. A logger per request would add memory to every stream.
    childLoggerFactory: (parent) => parent,
    // A line per request would hide the important ones.
    logController: new LogController({ disableRequestLogging: true })
  }
}

function describeRequest ({ method, url }: { method: string, url: string }) {
  return { method, path: pathOf(url) }
}
