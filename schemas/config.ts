import { Type, type StringOptions } from '@sinclair/typebox'

export type { Config } from './settings.ts'

/** Maximum delay of a timer, in milliseconds. Node fires a timer with a longer delay at once. */
export const MAX_TIMER_MS = 2_147_483_647

const MAX_STREAMS = 10_000_000
const MAX_BYTES = 16_777_216
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const LOG_FORMATS = ['auto', 'pretty', 'json'] as const

/** Options of one setting. The values of a `secret` setting are never printed. */
interface Options<T> {
  readonly default: T
  readonly description: string
  readonly secret?: true
}

/** A comma list. */
const list = (item: StringOptions, options: Omit<Options<string[]>, 'default'>) => {
  return Type.Array(Type.String({ ...item, ...options.secret && { secret: true } }), { default: [], ...options })
}
const text = (form: StringOptions, options: Options<string>) => Type.String({ ...form, ...options })
const integer = (minimum: number, maximum: number, options: Options<number>) => {
  return Type.Integer({ minimum, maximum, ...options })
}
const milliseconds = (options: Options<number>) => integer(0, MAX_TIMER_MS, options)

/** The configuration, one environment variable per property. `--help` prints the descriptions. */
export const ConfigSchema = Type.Object({
  HOST: text({ minLength: 1 }, {
    default: '127.0.0.1',
    description: 'address to listen on'
  }),
  PORT: integer(0, 65_535, {
    default: 3000,
    description: 'port to listen on; 0 selects a free port, printed in the log line "listening on"'
  }),
  LOG_LEVEL: Type.Union(LOG_LEVELS.map((level) => Type.Literal(level)), {
    default: 'info',
    description: 'minimum severity of log lines'
  }),
  LOG_FORMAT: Type.Union(LOG_FORMATS.map((format) => Type.Literal(format)), {
    default: 'auto',
    description: 'form of log lines. auto: readable lines on a terminal, JSON elsewhere'
  }),
  STORE_URL: text({
    pattern: '^(sqlite:.+|memory:|rediss?(\\+sentinel)?://.+)$',
    title: 'sqlite:PATH, memory: or redis://host:port'
  }, {
    default: 'sqlite:data/relay.db',
    description: 'store of the events: sqlite:PATH; memory: to lose them at a stop; redis://host:port for several ' +
      'relays with one history, see docs/fleet.md',
    secret: true
  }),
  REDIS_PREFIX: text({ pattern: '^[\\w.-]{1,32}$', title: '1 to 32 letters, digits, or any of . _ -' }, {
    default: 'relay',
    description: 'hash tag of all keys in Redis; relays with the same one share their history'
  }),
  REDIS_WAIT_REPLICAS: integer(0, 15, {
    default: 0,
    description: 'replicas of Redis that have an event before its callback is answered 200. Fewer in time: 503'
  }),
  REDIS_WAIT_FSYNC: Type.Boolean({
    default: false,
    description: 'answer 200 only when the event is on the disk of the primary and of those replicas, too'
  }),
  REDIS_TIMEOUT_MS: integer(100, 60_000, {
    default: 5000,
    description: 'maximum wait for a primary, and for an answer of it, in milliseconds. Suno waits 15 seconds in all'
  }),
  REDIS_ALLOW_REUSED_IDS: Type.Boolean({
    default: false,
    description: 'accept a server that does not report master_replid: after it lost events, their ids may come again ' +
      'with other content'
  }),
  METRICS_TOKEN: text({ pattern: '^[!-~]*$', title: 'printable ASCII' }, {
    default: '',
    description: 'token that readers of /metrics send as Authorization: Bearer; empty: none is needed',
    secret: true
  }),
  ADMIN_TOKEN: text({ pattern: '^([!-~]{32,})?$', title: '32 or more ASCII characters' }, {
    default: '',
    description: 'token for /admin and for the commands that ask a running relay. Empty: only direct requests of ' +
      'this machine are accepted, and none with TRUST_PROXY or a public PUBLIC_URL',
    secret: true
  }),
  CALLBACK_TOKENS: list({ pattern: '^.{16,}$', title: 'texts of 16 or more characters' }, {
    description: 'secrets, one of which the callback URL contains as ?token=; several for rotation',
    secret: true
  }),
  WEBHOOK_HMAC_KEYS: list({
    pattern: '^(whsec_[A-Za-z0-9+/]{16,}={0,2}|(?!whsec_).+)$',
    title: 'keys of kie.ai, and secrets of Standard Webhooks as whsec_ and base64'
  }, {
    description: 'keys of signed callbacks; several for rotation',
    secret: true
  }),
  SIGNATURE_WINDOW_SECONDS: integer(1, 86_400, {
    default: 300,
    description: 'maximum difference between the time of a signature and ours, in both directions, in seconds'
  }),
  ALLOW_OPEN_CALLBACKS: Type.Boolean({
    default: false,
    description: 'accept callbacks without proof on an address that is not loopback'
  }),
  AUTH_FAILURES_PER_MINUTE: integer(0, 1_000_000, {
    default: 100,
    description: 'maximum unauthenticated callbacks of one IPv4 address or IPv6 /64 network in a minute. ' +
      'More are answered 429; authenticated callbacks never are. 0 is no limit'
  }),
  TRUST_PROXY: text({ minLength: 1 }, {
    default: 'off',
    description: 'proxies whose X-Forwarded-For is trusted: off, the number of proxies, or a comma list of ' +
      'addresses, networks such as 10.0.0.0/8, and the names loopback, linklocal and uniquelocal'
  }),
  TICKET_KEYS: list({ pattern: '^[!-~]{32,}$', title: 'keys of 32 or more ASCII characters' }, {
    description: 'keys for signing and verifying tickets. If set, /events and /tasks require a ticket. ' +
      'The first key signs; all verify',
    secret: true
  }),
  CORS_ORIGINS: list({
    pattern: '^(\\*|null|[A-Za-z][A-Za-z0-9+.-]*://[^/\\s*?#@]+)$',
    title: 'origins without a path or a wildcard, such as https://app.example, or * or null'
  }, {
    description: 'origins whose pages may read streams and tasks, of any scheme; * is any origin, without ' +
      'cookies. Empty: only pages of this server'
  }),
  SUNO_API_KEY: text({ pattern: '^[!-~]*$', title: 'printable ASCII' }, {
    default: '',
    description: 'API key of the account at Suno. With it, the relay submits and asks for outcomes',
    secret: true
  }),
  SUNO_API_URL: text({ pattern: '^https?://[^\\s?#@]+$', title: 'http(s)://host/path' }, {
    default: 'https://api.sunoapi.org',
    description: 'address of the Suno API; https://api.kie.ai is the other vendor of the same API',
    secret: true
  }),
  PUBLIC_URL: text({ pattern: '^(https?://[^\\s?#@]+)?$', title: 'http(s)://host/path' }, {
    default: '',
    description: 'address at which Suno and browsers reach this relay, with its prefix. Empty: no callback can come, ' +
      'so the relay asks from the start',
    secret: true
  }),
  API_TOKENS: list({ pattern: '^[!-~]{32,}$', title: 'tokens of 32 or more ASCII characters' }, {
    description: 'tokens, one of which a backend sends as Authorization: Bearer to submit; several for rotation. ' +
      'Needed with SUNO_API_KEY unless HOST and PUBLIC_URL are loopback',
    secret: true
  }),
  ASK_AFTER_MS: milliseconds({
    default: 30_000,
    description: 'time that a callback may take before the relay asks Suno, in milliseconds; 0 asks at once. The ' +
      'default without PUBLIC_URL is 3000'
  }),
  GIVE_UP_MS: milliseconds({
    default: 600_000,
    description: 'time after which a submission without an outcome gets the event task-timeout, in milliseconds'
  }),
  DEDUPE_WINDOW_MS: milliseconds({
    default: 120_000,
    description: 'time during which an equal callback counts as a repeated delivery, in milliseconds; 0 keeps all'
  }),
  RETENTION_HOURS: Type.Number({
    minimum: 0,
    maximum: 876_000,
    default: 24,
    description: 'time for which a task is kept after its newest event, in hours; 0 keeps all tasks forever'
  }),
  BODY_LIMIT_BYTES: integer(1024, MAX_BYTES, {
    default: 65_536,
    description: 'maximum size of a callback body, in bytes'
  }),
  KEEP_ALIVE_MS: milliseconds({
    default: 15_000,
    description: 'maximum silence on a stream before a comment is sent, in milliseconds; 0 sends none'
  }),
  RETRY_MS: milliseconds({
    default: 2_000,
    description: 'time after which clients reconnect, in milliseconds; up to 50 % is added at random'
  }),
  STREAM_BUFFER_BYTES: integer(1024, MAX_BYTES, {
    default: 65_536,
    description: 'maximum bytes buffered for a slow reader. Its stream then waits and catches up from the store'
  }),
  MAX_STREAMS: integer(0, MAX_STREAMS, {
    default: 50_000,
    description: 'maximum number of open streams and held task reads; 0 is no limit'
  }),
  MAX_STREAMS_PER_IP: integer(0, MAX_STREAMS, {
    default: 1000,
    description: 'the same for one IPv4 address or IPv6 /64 network; 0 is no limit'
  }),
  MAX_STREAMS_PER_TASK: integer(0, MAX_STREAMS, {
    default: 5000,
    description: 'the same for one task; 0 is no limit'
  }),
  MAX_CALLBACKS: integer(0, MAX_STREAMS, {
    default: 5000,
    description: 'maximum number of authentic callbacks that wait for the store; further ones are answered 503 ' +
      'OVERLOADED; 0 is no limit'
  }),
  KEEP_ALIVE_TIMEOUT_MS: milliseconds({
    default: 72_000,
    description: 'time after which an idle connection is closed, in milliseconds. Set more than the idle timeout ' +
      'of a load balancer, which otherwise sends requests on connections that just closed; 0 never closes them'
  }),
  DRAIN_MS: milliseconds({
    default: 5_000,
    description: 'time over which a shutdown ends open streams, in milliseconds; 0 ends them at once'
  })
}, { additionalProperties: false })
