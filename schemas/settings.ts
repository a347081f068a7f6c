/** Settings of a relay, one environment variable each. `npm run docs` writes them from `ConfigSchema`. */
export interface Config {
  // generated: settings
  /**
   * Address to listen on.
   *
   * @default '127.0.0.1'
   */
  readonly HOST: string
  /**
   * Port to listen on; 0 selects a free port, printed in the log line "listening on".
   *
   * @default 3000
   */
  readonly PORT: number
  /**
   * Minimum severity of log lines.
   *
   * @default 'info'
   */
  readonly LOG_LEVEL: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /**
   * Form of log lines. auto: readable lines on a terminal, JSON elsewhere.
   *
   * @default 'auto'
   */
  readonly LOG_FORMAT: 'auto' | 'pretty' | 'json'
  /**
   * Store of the events: sqlite:PATH; memory: to lose them at a stop; redis://host:port for several relays with one
   * history, see docs/fleet.md.
   *
   * @default 'sqlite:data/relay.db'
   */
  readonly STORE_URL: string
  /**
   * Hash tag of all keys in Redis; relays with the same one share their history.
   *
   * @default 'relay'
   */
  readonly REDIS_PREFIX: string
  /**
   * Replicas of Redis that have an event before its callback is answered 200. Fewer in time: 503.
   *
   * @default 0
   */
  readonly REDIS_WAIT_REPLICAS: number
  /**
   * Answer 200 only when the event is on the disk of the primary and of those replicas, too.
   *
   * @default false
   */
  readonly REDIS_WAIT_FSYNC: boolean
  /**
   * Maximum wait for a primary, and for an answer of it, in milliseconds. Suno waits 15 seconds in all.
   *
   * @default 5000
   */
  readonly REDIS_TIMEOUT_MS: number
  /**
   * Accept a server that does not report master_replid: after it lost events, their ids may come again with other
   * content.
   *
   * @default false
   */
  readonly REDIS_ALLOW_REUSED_IDS: boolean
  /**
   * Token that readers of /metrics send as Authorization: Bearer; empty: none is needed.
   *
   * @default ''
   */
  readonly METRICS_TOKEN: string
  /**
   * Token for /admin and for the commands that ask a running relay. Empty: only direct requests of this machine are
   * accepted, and none with TRUST_PROXY or a public PUBLIC_URL.
   *
   * @default ''
   */
  readonly ADMIN_TOKEN: string
  /**
   * Secrets, one of which the callback URL contains as ?token=; several for rotation.
   *
   * @default []
   */
  readonly CALLBACK_TOKENS: string[]
  /**
   * Keys of signed callbacks; several for rotation.
   *
   * @default []
   */
  readonly WEBHOOK_HMAC_KEYS: string[]
  /**
   * Maximum difference between the time of a signature and ours, in both directions, in seconds.
   *
   * @default 300
   */
  readonly SIGNATURE_WINDOW_SECONDS: number
  /**
   * Accept callbacks without proof on an address that is not loopback.
   *
   * @default false
   */
  readonly ALLOW_OPEN_CALLBACKS: boolean
  /**
   * Maximum unauthenticated callbacks of one IPv4 address or IPv6 /64 network in a minute. More are answered 429;
   * authenticated callbacks never are. 0 is no limit.
   *
   * @default 100
   */
  readonly AUTH_FAILURES_PER_MINUTE: number
  /**
   * Proxies whose X-Forwarded-For is trusted: off, the number of proxies, or a comma list of addresses, networks such
   * as 10.0.0.0/8, and the names loopback, linklocal and uniquelocal.
   *
   * @default 'off'
   */
  readonly TRUST_PROXY: string
  /**
   * Keys for signing and verifying tickets. If set, /events and /tasks require a ticket. The first key signs; all
   * verify.
   *
   * @default []
   */
  readonly TICKET_KEYS: string[]
  /**
   * Origins whose pages may read streams and tasks, of any scheme; * is any origin, without cookies. Empty: only pages
   * of this server.
   *
   * @default []
   */
  readonly CORS_ORIGINS: string[]
  /**
   * API key of the account at Suno. With it, the relay submits and asks for outcomes.
   *
   * @default ''
   */
  readonly SUNO_API_KEY: string
  /**
   * Address of the Suno API; https://api.kie.ai is the other vendor of the same API.
   *
   * @default 'https://api.sunoapi.org'
   */
  readonly SUNO_API_URL: string
  /**
   * Address at which Suno and browsers reach this relay, with its prefix. Empty: no callback can come, so the relay
   * asks from the start.
   *
   * @default ''
   */
  readonly PUBLIC_URL: string
  /**
   * Tokens, one of which a backend sends as Authorization: Bearer to submit; several for rotation. Needed with
   * SUNO_API_KEY unless HOST and PUBLIC_URL are loopback.
   *
   * @default []
   */
  readonly API_TOKENS: string[]
  /**
   * Time that a callback may take before the relay asks Suno, in milliseconds; 0 asks at once. The default without
   * PUBLIC_URL is 3000.
   *
   * @default 30000
   */
  readonly ASK_AFTER_MS: number
  /**
   * Time after which a submission without an outcome gets the event task-timeout, in milliseconds.
   *
   * @default 600000
   */
  readonly GIVE_UP_MS: number
  /**
   * Time during which an equal callback counts as a repeated delivery, in milliseconds; 0 keeps all.
   *
   * @default 120000
   */
  readonly DEDUPE_WINDOW_MS: number
  /**
   * Time for which a task is kept after its newest event, in hours; 0 keeps all tasks forever.
   *
   * @default 24
   */
  readonly RETENTION_HOURS: number
  /**
   * Maximum size of a callback body, in bytes.
   *
   * @default 65536
   */
  readonly BODY_LIMIT_BYTES: number
  /**
   * Maximum silence on a stream before a comment is sent, in milliseconds; 0 sends none.
   *
   * @default 15000
   */
  readonly KEEP_ALIVE_MS: number
  /**
   * Time after which clients reconnect, in milliseconds; up to 50 % is added at random.
   *
   * @default 2000
   */
  readonly RETRY_MS: number
  /**
   * Maximum bytes buffered for a slow reader. Its stream then waits and catches up from the store.
   *
   * @default 65536
   */
  readonly STREAM_BUFFER_BYTES: number
  /**
   * Maximum number of open streams and held task reads; 0 is no limit.
   *
   * @default 50000
   */
  readonly MAX_STREAMS: number
  /**
   * The same for one IPv4 address or IPv6 /64 network; 0 is no limit.
   *
   * @default 1000
   */
  readonly MAX_STREAMS_PER_IP: number
  /**
   * The same for one task; 0 is no limit.
   *
   * @default 5000
   */
  readonly MAX_STREAMS_PER_TASK: number
  /**
   * Maximum number of authentic callbacks that wait for the store; further ones are answered 503 OVERLOADED; 0 is no
   * limit.
   *
   * @default 5000
   */
  readonly MAX_CALLBACKS: number
  /**
   * Time after which an idle connection is closed, in milliseconds. Set more than the idle timeout of a load balancer,
   * which otherwise sends requests on connections that just closed; 0 never closes them.
   *
   * @default 72000
   */
  readonly KEEP_ALIVE_TIMEOUT_MS: number
  /**
   * Time over which a shutdown ends open streams, in milliseconds; 0 ends them at once.
   *
   * @default 5000
   */
  readonly DRAIN_MS: number
  // /generated
}
