/** Host and port of a server. */
export interface Place {
  readonly host: string
  readonly port: number
}

/** User and password of a connection. */
export interface Login {
  readonly username?: string | undefined
  readonly password?: string | undefined
}

/** Address of a Redis or Valkey: a server, the nodes of a Cluster, or Sentinels. */
export interface RedisAddress extends Login {
  /** Servers to ask: at least one. */
  readonly places: readonly Place[]
  /** Name of the primary, if `places` are Sentinels. */
  readonly primary?: string | undefined
  /** Login for Sentinels, if they have another one than the servers. */
  readonly sentinel?: Login | undefined
  readonly db?: number | undefined
  /** Set for TLS. `ca`: certificate authorities in PEM; default: those of the process. */
  readonly tls?: { readonly ca?: string | undefined } | undefined
}

const SERVER_PORT = 6379
const SENTINEL_PORT = 26_379
const MAX_PORT = 65_535
const MAX_DB = 999_999

const FORM = 'redis://[user:password@]host:port[,host:port][/db] or ' +
  'redis+sentinel://[user:password@]host:port[,host:port]/name[/db], with rediss for TLS'
const URL_PARTS = /^(rediss?)(\+sentinel)?:\/\/(?:(.*)@)?([^@/?#]+)([^@?#]*)(?:\?([^@#]*))?$/
const HOST_PARTS = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/

/** Whether a `STORE_URL` is that of a Redis. */
export function isRedisUrl (url: string): boolean {
  return /^rediss?(\+sentinel)?:\/\//.test(url)
}

/**
 * Parses the `STORE_URL` of a Redis: `redis://[user:password@]host:port[,host:port][/db]`, or
 * `redis+sentinel://…/name[/db]`; `rediss:` is TLS.
 *
 * Sentinels that need a login have `?sentinelPassword=`, and maybe `&sentinelUsername=`. A password is percent-encoded:
 * `%` has to be, other characters may be. Default ports: 6379, and 26379 for Sentinels.
 *
 * @throws {RangeError} that says what is wrong and contains nothing of the URL
 */
export function parseRedisUrl (url: string): RedisAddress {
  const [, scheme, isSentinel, login, hosts, path = '', query = ''] = URL_PARTS.exec(url) ?? []
  if (!scheme || !hosts) throw wrong('is malformed', FORM)
  const parts = path.split('/').slice(1).map(decode)
  const primary = isSentinel && parts.shift()
  if (isSentinel && !primary) throw wrong('does not name the primary', FORM)
  const [db = '', ...rest] = parts
  if (rest.length > 0 || !/^\d{0,6}$/.test(db)) {
    throw wrong('has a malformed database', `a number from 0 to ${MAX_DB}`)
  }
  const port = isSentinel ? SENTINEL_PORT : SERVER_PORT
  return {
    ...parseLogin(login),
    places: hosts.split(',').map((host) => parsePlace(host, port)),
    ...primary && { primary },
    ...query && { sentinel: parseSentinelLogin(query, primary) },
    db: Number(db),
    ...scheme === 'rediss' && { tls: {} }
  }
}

/** Returns the address for messages, without its secrets. */
export function describeRedis ({ places, primary }: RedisAddress): string {
  const list = places.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(', ')
  return primary === undefined ? list : `${primary} of the Sentinels ${list}`
}

function parsePlace (text: string, defaultPort: number): Place {
  const [, v6, name, port = defaultPort] = HOST_PARTS.exec(text) ?? []
  const host = v6 ?? name
  if (!host || Number(port) === 0 || Number(port) > MAX_PORT) {
    throw wrong('has a malformed host', `host:port, with a port from 1 to ${MAX_PORT}`)
  }
  return { host, port: Number(port) }
}

function parseLogin (text: string | undefined): Login {
  if (text === undefined) return {}
  const colon = text.indexOf(':')
  const password = decode(text.slice(colon + 1))
  if (colon < 0 || !password) throw wrong('has a user without a password', 'user:password@ or :password@')
  const username = decode(text.slice(0, colon))
  return { ...username && { username }, password }
}

function parseSentinelLogin (text: string, primary: string | undefined): Login {
  const query = Object.fromEntries(new URLSearchParams(text))
  const { sentinelUsername: username, sentinelPassword: password, ...rest } = query
  if (!primary || !password || Object.keys(rest).length > 0) {
    throw wrong('has an unknown query', '?sentinelPassword=, and maybe &sentinelUsername=, for Sentinels')
  }
  return { ...username && { username }, password }
}

function decode (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong('is malformed', '% in a name or password as %25')
  }
}

/** The message has no part of the URL: any of them may be a secret that stands in the wrong place. */
function wrong (fact: string, expected: string): RangeError {
  return new RangeError(`STORE_URL ${fact}, expected ${expected}`)
}
