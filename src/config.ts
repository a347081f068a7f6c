import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { ConfigSchema, type Config } from '../schemas/config.ts'

const PROPERTIES = Object.entries(ConfigSchema.properties)

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
 * @throws {RangeError} naming every wrong value, and what was expected
 */
export function completeConfig (given: Partial<Config>): Config {
  const config = Value.Default(ConfigSchema, { ...given })
  const errors = [...Value.Errors(ConfigSchema, config)].map(({ path, value, schema }) => `${path.slice(1)} is ${JSON.stringify(value)}, expected ${wanted(schema)}`)
  if (errors.length > 0) throw new RangeError(`Cannot start: ${[...new Set(errors)].join('; ')}`)
  return config as Config
}

/** The configuration in words, one variable a paragraph: what `--help` prints. */
export function describeConfig (): string {
  return PROPERTIES.map(([name, schema]) => `  ${name}=${String(schema.default)}\n      ${String(schema.description)} (${wanted(schema)})`).join('\n')
}

function convert (type: unknown, text: string): unknown {
  if (type !== 'integer' && type !== 'number') return text
  const number = Number(text)
  return text.trim() && Number.isFinite(number) ? number : text
}

function wanted ({ type, minimum, maximum, anyOf, pattern }: TSchema): string {
  if (anyOf) return `one of ${(anyOf as Array<{ const: string }>).map((choice) => choice.const).join(', ')}`
  if (type === 'object') return 'no such setting'
  if (type === 'string') return pattern ? `text like ${String(pattern)}` : 'text'
  return `a ${type === 'integer' ? 'whole number' : 'number'} from ${String(minimum)} to ${String(maximum)}`
}
