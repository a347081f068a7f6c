import { isIP } from 'node:net'
import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { ConfigSchema, type Config } from '../schemas/config.ts'
import { isLoopback } from './loopback.ts'
import { isRedisUrl, parseRedisUrl } from './redis/address.ts'

const PROPERTIES = Object.entries(ConfigSchema.properties)
const ASK_AFTER_WITHOUT_CALLBACKS_MS = 3000
const OTHER_SCHEME = /^(?!sqlite:|memory:|redis)([a-z][a-z\d+.-]*:)/i
const ADDRESS_BITS: Readonly<Record<number, number>> = { 4: 32, 6: 128 }

/**
 * Reads the configuration from environment variables. Empty variables count as unset. Variables of other programs are
 * ignored.
 *
 * @throws {RangeError} naming every wrong value and the expected form
 */
export function readConfig (env: Readonly<Record<string, string | undefined>>): Config {
  const given = PROPERTIES.filter(([name]) => env[name])
    .map(([name, { type }]) => [name, convert(type, env[name] as string)])
  return completeConfig(Object.fromEntries(given))
}

/**
 * Completes a partial configuration with the defaults.
 *
 * @throws {RangeError} naming every wrong value and the expected form; also if `HOST` is not loopback and callbacks or
 *   submissions need no proof
 */
export function completeConfig (given: Partial<Config>): Config {
  const defaults = given.PUBLIC_URL ? {} : { ASK_AFTER_MS: ASK_AFTER_WITHOUT_CALLBACKS_MS }
  const config = Value.Default(ConfigSchema, { ...defaults, ...given })
  const errors = [...Value.Errors(ConfigSchema, config)].map(({ path, value, schema }) => {
    return describeFault(path.split('/')[1] as string, value, schema)
  })
  errors.push(...contradictions(config as Config))
  if (errors.length > 0) throw new RangeError(`Cannot start: ${[...new Set(errors)].join('; ')}`)
  const valid = config as Config
  return { ...valid, CORS_ORIGINS: valid.CORS_ORIGINS.map(normalizeOrigin) }
}

/** Returns the text for `--help`: every variable with its default, description and form. */
export function describeConfig (): string {
  return PROPERTIES.map(([name, schema]) => {
    return `  ${name}=${String(schema.default)}\n      ${String(schema.description)} (${expectedForm(schema)})`
  }).join('\n')
}

/**
 * Whether a callback has to prove that it comes from the sender. Where the relay submits and callbacks can come, each
 * has a proof in its URL.
 */
export function callbacksNeedProof (config: Config): boolean {
  const { HOST, PUBLIC_URL, SUNO_API_KEY, CALLBACK_TOKENS, WEBHOOK_HMAC_KEYS, ALLOW_OPEN_CALLBACKS } = config
  if (CALLBACK_TOKENS.length + WEBHOOK_HMAC_KEYS.length > 0) return true
  return SUNO_API_KEY !== '' && !ALLOW_OPEN_CALLBACKS && (PUBLIC_URL !== '' || !isLoopback(String(HOST)))
}

/** Whether a proxy passes requests of others on, or may do so: a trusted one, or one at a public address. */
export function isBehindProxy ({ TRUST_PROXY, PUBLIC_URL }: Pick<Config, 'TRUST_PROXY' | 'PUBLIC_URL'>): boolean {
  return TRUST_PROXY !== 'off' || isPublished(PUBLIC_URL)
}

function isPublished (url: string): boolean {
  const host = URL.parse(url)?.hostname
  return host !== undefined && !isLoopback(host)
}

/** Returns the faults of a configuration whose values are well-formed, each on its own. */
function contradictions (config: Config): string[] {
  const { HOST, PUBLIC_URL, SUNO_API_URL, SUNO_API_KEY, API_TOKENS } = config
  const { ALLOW_OPEN_CALLBACKS, TRUST_PROXY, STORE_URL } = config
  const found: string[] = []
  const isPublic = HOST && !isLoopback(String(HOST))
  if (isPublic && !ALLOW_OPEN_CALLBACKS && !callbacksNeedProof(config)) {
    found.push(`HOST is ${JSON.stringify(HOST)}, where strangers can post callbacks, ` +
      'expected CALLBACK_TOKENS or WEBHOOK_HMAC_KEYS to be set, or ALLOW_OPEN_CALLBACKS=true')
  }
  if ((isPublic || isPublished(PUBLIC_URL)) && SUNO_API_KEY && API_TOKENS.length === 0) {
    const setting = isPublic ? 'HOST' : 'PUBLIC_URL'
    found.push(`${setting} is public, so strangers could submit to Suno, expected API_TOKENS to be set`)
  }
  for (const [name, url] of Object.entries({ PUBLIC_URL, SUNO_API_URL })) {
    if (url !== '' && !URL.canParse(url)) found.push(`${name} is malformed, expected http(s)://host/path`)
  }
  if (isPlain(SUNO_API_URL)) {
    found.push('SUNO_API_URL has the scheme http:, which sends SUNO_API_KEY in the clear, expected https:')
  }
  if (TRUST_PROXY !== 'off' && !isHops(TRUST_PROXY) && !String(TRUST_PROXY).split(',').every(isNetwork)) {
    found.push(`TRUST_PROXY is ${JSON.stringify(TRUST_PROXY)}, ` +
      'expected off, a number of proxies, or addresses, networks and names, separated by commas')
  }
  if (/^\[.*\]$/.test(HOST)) found.push(`HOST is "${HOST}", expected ${HOST.slice(1, -1)} without brackets`)
  return [...found, ...storeFaults(STORE_URL)]
}

function storeFaults (url: string): string[] {
  if (url === 'sqlite::memory:') return [`STORE_URL is ${url}, expected memory: for a store without a file`]
  try {
    if (isRedisUrl(url)) parseRedisUrl(url)
    return []
  } catch (error) {
    return [(error as RangeError).message]
  }
}

function describeFault (name: string, value: unknown, schema: TSchema): string {
  if (!(name in ConfigSchema.properties)) return `${name} is not a setting`
  const [, scheme] = OTHER_SCHEME.exec(name === 'STORE_URL' ? String(value) : '') ?? []
  const fact = scheme ? `has the scheme ${scheme}` : `is ${schema.secret ? 'malformed' : JSON.stringify(value)}`
  return `${name} ${fact}, expected ${expectedForm(schema)}`
}

/** Returns an origin as browsers send it: in lower case, without the default port of its scheme. */
function normalizeOrigin (text: string): string {
  const { origin = 'null' } = URL.parse(text) ?? {}
  return origin === 'null' ? text.toLowerCase() : origin
}

/** Whether a URL leads to another machine without TLS. */
function isPlain (url: string): boolean {
  const { protocol, hostname = '' } = URL.parse(url) ?? {}
  return protocol === 'http:' && !isLoopback(hostname)
}

/** Whether Fastify accepts the text as a trusted proxy. It throws at the start if it does not. */
function isNetwork (text: string): boolean {
  const [address = '', bits = '1', ...rest] = text.trim().split('/')
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text.trim())) return true
  return rest.length === 0 && /^[1-9]\d*$/.test(bits) && Number(bits) <= (ADDRESS_BITS[isIP(address)] ?? 0)
}

/** Whether the text is a number of proxies. */
function isHops (text: string): boolean {
  return /^[1-9]\d?$/.test(text)
}

/** Converts the text of a variable to the type of its setting; returns the text itself if it is malformed. */
function convert (type: unknown, text: string): unknown {
  if (type === 'array') return text.split(',').map((item) => item.trim()).filter(Boolean)
  if (type === 'boolean') return text === 'true' || (text === 'false' ? false : text)
  if (type !== 'integer' && type !== 'number') return text
  const number = Number(text)
  return text.trim() && Number.isFinite(number) ? number : text
}

function expectedForm ({ type, minimum, maximum, anyOf, items, title }: TSchema): string {
  if (anyOf) return `one of ${(anyOf as Array<{ const: string }>).map((choice) => choice.const).join(', ')}`
  if (type === 'array') return `a comma list of ${expectedForm(items as TSchema)}`
  if (title) return title
  if (type === 'boolean') return 'true or false'
  if (type === 'string') return 'text'
  return `a ${type === 'integer' ? 'whole number' : 'number'} from ${String(minimum)} to ${String(maximum)}`
}
