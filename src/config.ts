import { isIP } from 'node:net'
import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { ConfigSchema, type Config } from '../schemas/config.ts'

const PROPERTIES = Object.entries(ConfigSchema.properties)
const ADDRESS_BITS: Readonly<Record<number, number>> = { 4: 32, 6: 128 }

/**
 * Reads the configuration from environment variables. Empty ones count as not set; those of other programs are passed over.
 *
 * @throws {RangeError} naming every wrong value, and what was expected
 */
export function readConfig (env: Readonly<Record<string, string | undefined>>): Config {
  const given = PROPERTIES.filter(([name]) => env[name]).map(([name, { type }]) => [name, convert(type, env[name] as string)])
  return completeConfig(Object.fromEntries(given))
}

/**
 * Fills in the defaults of what is not given.
 *
 * @throws {RangeError} naming every wrong value, and what was expected; also when `HOST` is not loopback and nothing
 *   tells a callback of the sender from one of a stranger
 */
export function completeConfig (given: Partial<Config>): Config {
  const config = Value.Default(ConfigSchema, { ...given })
  const errors = [...Value.Errors(ConfigSchema, config)].map(({ path, value, schema }) => `${path.split('/')[1]} is ${schema.secret ? 'a secret of another form' : JSON.stringify(value)}, expected ${wanted(schema)}`)
  errors.push(...contradictions(config as Config))
  if (errors.length > 0) throw new RangeError(`Cannot start: ${[...new Set(errors)].join('; ')}`)
  return config as Config
}

/** The configuration in words, one variable a paragraph: what `--help` prints. */
export function describeConfig (): string {
  return PROPERTIES.map(([name, schema]) => `  ${name}=${String(schema.default)}\n      ${String(schema.description)} (${wanted(schema)})`).join('\n')
}

/** What is wrong with the configuration although each of its values may be well-formed. */
function contradictions ({ HOST, CALLBACK_TOKENS, WEBHOOK_HMAC_KEYS, ALLOW_OPEN_CALLBACKS, TRUST_PROXY }: Config): string[] {
  const found: string[] = []
  if (HOST && !isLoopback(String(HOST)) && !ALLOW_OPEN_CALLBACKS && CALLBACK_TOKENS.length + WEBHOOK_HMAC_KEYS.length === 0) {
    found.push(`HOST is ${JSON.stringify(HOST)}, where strangers can post callbacks, expected CALLBACK_TOKENS or WEBHOOK_HMAC_KEYS to be set, or ALLOW_OPEN_CALLBACKS=true`)
  }
  if (TRUST_PROXY !== 'off' && !String(TRUST_PROXY).split(',').every(isNetwork)) {
    found.push(`TRUST_PROXY is ${JSON.stringify(TRUST_PROXY)}, expected off, or addresses, networks and names, separated by commas`)
  }
  return found
}

function isLoopback (host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** Whether Fastify understands it: it throws at the start for what it does not. */
function isNetwork (text: string): boolean {
  const [address = '', bits = '1', ...rest] = text.trim().split('/')
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text.trim())) return true
  return rest.length === 0 && /^[1-9]\d*$/.test(bits) && Number(bits) <= (ADDRESS_BITS[isIP(address)] ?? 0)
}

function convert (type: unknown, text: string): unknown {
  if (type === 'array') return text.split(',').map((item) => item.trim()).filter(Boolean)
  if (type === 'boolean') return text === 'true' || (text === 'false' ? false : text)
  if (type !== 'integer' && type !== 'number') return text
  const number = Number(text)
  return text.trim() && Number.isFinite(number) ? number : text
}

function wanted ({ type, minimum, maximum, anyOf, items, title }: TSchema): string {
  if (anyOf) return `one of ${(anyOf as Array<{ const: string }>).map((choice) => choice.const).join(', ')}`
  if (type === 'array') return `a comma list of ${wanted(items as TSchema)}`
  if (title) return title
  if (type === 'boolean') return 'true or false'
  if (type === 'object') return 'no such setting'
  if (type === 'string') return 'text'
  return `a ${type === 'integer' ? 'whole number' : 'number'} from ${String(minimum)} to ${String(maximum)}`
}
