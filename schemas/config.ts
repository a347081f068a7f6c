import { Type, type Static } from '@sinclair/typebox'

/** The longest time that a timer can wait, in milliseconds; a longer one would not wait at all. */
export const MAX_TIMER_MS = 2_147_483_647

/** A comma list. Values of a `secret` one are never printed. */
const list = (pattern: string, title: string, options: { description: string, secret?: true }) =>
  Type.Array(Type.String({ pattern, title, ...options.secret && { secret: true } }), { default: [], ...options })

/** The configuration, one property an environment variable. Its descriptions are what `--help` prints. */
export const ConfigSchema = Type.Object({
  HOST: Type.String({ minLength: 1, default: '127.0.0.1', description: 'address to listen on' }),
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 3000, description: 'port to listen on; 0 takes any free one, the log line says which' }),
  LOG_LEVEL: Type.Union(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map((level) => Type.Literal(level)), { default: 'info', description: 'least severe log line that is written' }),
  STORE_URL: Type.String({ pattern: '^(sqlite:.+|memory:)$', title: 'sqlite:PATH or memory:', secret: true, default: 'sqlite:data/relay.db', description: 'where events are kept: sqlite:PATH, or memory: for nowhere' }),
  METRICS_TOKEN: Type.String({ pattern: '^[!-~]*$', default: '', title: 'printable ASCII', secret: true, description: 'what a reader of /metrics has to show as Authorization: Bearer; empty: nothing' }),
  CALLBACK_TOKENS: list('^.+$', 'texts', { secret: true, description: 'secrets of which the sender puts one into the callback URL, as ?token=; several for rotation' }),
  WEBHOOK_HMAC_KEYS: list('^(whsec_[A-Za-z0-9+/]{16,}={0,2}|(?!whsec_).+)$', 'keys of kie.ai as they are, secrets of Standard Webhooks as whsec_ and base64', { secret: true, description: 'keys that callbacks are signed with; several for rotation' }),
  SIGNATURE_WINDOW_SECONDS: Type.Integer({ minimum: 1, maximum: 86_400, default: 300, description: 'how far the time of a signature may be from ours, both ways, in seconds' }),
  ALLOW_OPEN_CALLBACKS: Type.Boolean({ default: false, description: 'whether anyone may post callbacks although the address is not loopback' }),
  AUTH_FAILURES_PER_MINUTE: Type.Integer({ minimum: 0, maximum: 1_000_000, default: 100, description: 'callbacks without proof that one address, or one IPv6 network of 64 bits, may send in a minute before its further ones are answered 429; a proven sender never is; 0 sets no limit' }),
  TRUST_PROXY: Type.String({ minLength: 1, default: 'off', description: 'the proxies whose X-Forwarded-For is believed: off, or addresses, networks such as 10.0.0.0/8, and the names loopback, linklocal and uniquelocal, separated by commas' }),
  TICKET_KEYS: list('^[!-~]{32,}$', 'keys of 32 or more ASCII characters', { secret: true, description: 'keys that sign tickets; with any, a stream or a task is shown to whoever has a ticket for it. New tickets are signed with the first, each is accepted. Empty: the task id alone is enough' }),
  CORS_ORIGINS: list('^(\\*|https?://[^/\\s]+)$', 'origins such as https://app.example, or *', { description: 'pages of which origins may watch; * is any, then without cookies. Empty: pages of this server only' }),
  DEDUPE_WINDOW_MS: Type.Integer({ minimum: 0, maximum: MAX_TIMER_MS, default: 120_000, description: 'how long a repeated callback counts as the same delivery, in milliseconds; 0 keeps every one' }),
  RETENTION_HOURS: Type.Number({ minimum: 0, maximum: 876_000, default: 24, description: 'how long a task is kept after its newest event, in hours; 0 keeps everything for ever' }),
  BODY_LIMIT_BYTES: Type.Integer({ minimum: 1024, maximum: 16_777_216, default: 65_536, description: 'largest callback body, in bytes; a larger one is answered 413' }),
  KEEP_ALIVE_MS: Type.Integer({ minimum: 0, maximum: MAX_TIMER_MS, default: 15_000, description: 'longest silence on a stream before a comment is sent, in milliseconds; 0 sends none' }),
  RETRY_MS: Type.Integer({ minimum: 0, maximum: MAX_TIMER_MS, default: 2_000, description: 'how long a client waits before it reconnects, in milliseconds; up to half as much again is added at random' }),
  STREAM_BUFFER_BYTES: Type.Integer({ minimum: 1024, maximum: 16_777_216, default: 65_536, description: 'bytes held for a reader that is slow; past it the stream catches up from the store' }),
  MAX_STREAMS: Type.Integer({ minimum: 0, maximum: 10_000_000, default: 50_000, description: 'open streams and held task reads in all; one more is refused for a while. 0 is no limit' }),
  MAX_STREAMS_PER_IP: Type.Integer({ minimum: 0, maximum: 10_000_000, default: 1000, description: 'the same from one address, or from one IPv6 network of 64 bits; 0 is no limit' }),
  MAX_STREAMS_PER_TASK: Type.Integer({ minimum: 0, maximum: 10_000_000, default: 1000, description: 'the same of one task; 0 is no limit' }),
  DRAIN_MS: Type.Integer({ minimum: 0, maximum: MAX_TIMER_MS, default: 5_000, description: 'over how long open streams are ended at a shutdown, in milliseconds; 0 ends them at once' })
}, { additionalProperties: false })
export type Config = Static<typeof ConfigSchema>
