import { Type, type Static } from '@sinclair/typebox'

const LONGEST_TIMER_MS = 2_147_483_647

/** The configuration, one property an environment variable. Its descriptions are what `--help` prints. */
export const ConfigSchema = Type.Object({
  HOST: Type.String({ minLength: 1, default: '127.0.0.1', description: 'address to listen on' }),
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 3000, description: 'port to listen on; 0 takes any free one, the log line says which' }),
  LOG_LEVEL: Type.Union(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map((level) => Type.Literal(level)), { default: 'info', description: 'least severe log line that is written' }),
  STORE_URL: Type.String({ pattern: '^(sqlite:.+|memory:)$', default: 'sqlite:data/relay.db', description: 'where events are kept: sqlite:PATH, or memory: for nowhere' }),
  DEDUPE_WINDOW_MS: Type.Integer({ minimum: 0, maximum: LONGEST_TIMER_MS, default: 120_000, description: 'how long a repeated callback counts as the same delivery, in milliseconds; 0 keeps every one' }),
  RETENTION_HOURS: Type.Number({ minimum: 0, maximum: 876_000, default: 24, description: 'how long a task is kept after its newest event, in hours; 0 keeps everything for ever' }),
  BODY_LIMIT_BYTES: Type.Integer({ minimum: 1024, maximum: 16_777_216, default: 65_536, description: 'largest callback body, in bytes; a larger one is answered 413' }),
  KEEP_ALIVE_MS: Type.Integer({ minimum: 0, maximum: LONGEST_TIMER_MS, default: 15_000, description: 'longest silence on a stream before a comment is sent, in milliseconds; 0 sends none' }),
  RETRY_MS: Type.Integer({ minimum: 0, maximum: LONGEST_TIMER_MS, default: 2_000, description: 'how long a client waits before it reconnects, in milliseconds; up to half as much again is added at random' }),
  STREAM_BUFFER_BYTES: Type.Integer({ minimum: 1024, maximum: 16_777_216, default: 65_536, description: 'bytes held for a reader that is slow; past it the stream catches up from the store' }),
  DRAIN_MS: Type.Integer({ minimum: 0, maximum: LONGEST_TIMER_MS, default: 5_000, description: 'over how long open streams are ended at a shutdown, in milliseconds; 0 ends them at once' })
}, { additionalProperties: false })
export type Config = Static<typeof ConfigSchema>
