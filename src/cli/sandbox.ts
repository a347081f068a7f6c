import { randomInt } from 'node:crypto'
import { parseArgs, type ParseArgsConfig } from 'node:util'
import type { SandboxOptions } from '../suno/sandbox/options.ts'
import { createSandbox, type Sandbox } from '../suno/sandbox/sandbox.ts'

const HELP = `Runs a Suno to develop against: the vendor's six voice calls, with callbacks, without an account.

Usage: npx phrase-relay sandbox [options]

  --port 3100          port to listen on; 0 takes any free one
  --host 127.0.0.1     address to listen on
  --vendor sunoapi     sunoapi or kie: the numbers of the errors, and the voice id "fail" of kie.ai
  --api-key KEY        API key that calls have to show; default: any
  --hmac-key KEY       key that callbacks are signed with, the way of kie.ai; only with --vendor kie
  --phrase-after 3s    time from a submission to its phrase
  --voice-after 5s     time from a submission to its voice
  --phrase-life 3m     time during which a phrase can be used
  --late-by 1m         time by which a late callback is late

  Options of which a number from 0 to 1 is a probability for each submission, and no number is 1:
  --lose               no callback ever comes
  --duplicate          the callback comes twice
  --late               the callback comes late
  --fail               the phrase or the voice fails
  --empty-first        wait_validating comes with an empty phrase first

  --same-id            regenerate and generate answer with the task id that they were given
  --rate-limit 20      calls allowed in 10 seconds, 20 without a number; default: no limit
  --credits 5          submissions that the account can pay for; default: no limit
  --seed 1             seed of everything random, so that the same calls bring the same answers; default: random

A time is a number and ms, s, m or h. A callback that is not answered with 200 is sent three times again.
`

/** Options with a value, and the value that they have where none follows. */
const BARE: Readonly<Record<string, string>> = {
  lose: '1',
  duplicate: '1',
  late: '1',
  fail: '1',
  'empty-first': '1',
  'rate-limit': '20'
}
const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const MAX_MS = 86_400_000
const MAX_SEED = 0xffffffff
const TIMES = ['phrase-after', 'voice-after', 'phrase-life', 'late-by'] as const
const CHANCES = ['lose', 'duplicate', 'late', 'fail', 'empty-first'] as const
const COUNTS = ['port', 'rate-limit', 'credits', 'seed'] as const
const NAMES = ['host', 'vendor', 'api-key', 'hmac-key', ...TIMES, ...CHANCES, ...COUNTS] as const
const OPTIONS: ParseArgsConfig['options'] = {
  help: { type: 'boolean' },
  'same-id': { type: 'boolean' },
  ...Object.fromEntries(NAMES.map((name) => [name, { type: 'string' }]))
}

type Values = Readonly<Partial<Record<typeof NAMES[number], string> & Record<'help' | 'same-id', boolean>>>

/** A sandbox that listens. */
interface Started {
  readonly server: Sandbox
  readonly options: ReturnType<typeof readOptions>
}

/**
 * Starts a sandbox with the options of the command. It prints a line for each call and each callback.
 *
 * @throws {RangeError} when an option is wrong
 */
export async function startSandbox (args: string[]): Promise<Started> {
  const options = readOptions(parse(args))
  const server = createSandbox({ ...options, log: (line) => { process.stdout.write(`${line}\n`) } })
  await server.listen()
  return { server, options }
}

/**
 * Runs the command `sandbox`: listens until SIGINT, SIGTERM or SIGHUP.
 *
 * @returns the first lines to print
 * @throws {RangeError} when an option is wrong
 */
export async function sandbox (args: string[]): Promise<string> {
  if (parse(args).help) return HELP
  const { server, options } = await startSandbox(args)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => server.close())
  const vendor = options.vendor === 'kie' ? 'kie.ai' : 'sunoapi.org'
  const key = options.apiKey ? 'the one of --api-key' : 'anything'
  return `sandbox of ${vendor} listening on ${server.url} (--seed ${options.seed})\n` +
    `point a relay at it: SUNO_API_URL=${server.url} SUNO_API_KEY=${key}\n`
}

function parse (args: string[]): Values {
  return parseArgs({ args: args.map(fillBare), options: OPTIONS }).values
}

/** Gives an option its value where none follows. */
function fillBare (arg: string, index: number, args: readonly string[]): string {
  const bare = arg.startsWith('--') ? BARE[arg.slice(2)] : undefined
  return bare && (args[index + 1] ?? '--').startsWith('--') ? `${arg}=${bare}` : arg
}

function readOptions (values: Values) {
  const { host = '127.0.0.1', vendor = 'sunoapi', 'api-key': apiKey = '', 'hmac-key': hmacKey = '' } = values
  if (vendor !== 'sunoapi' && vendor !== 'kie') throw wrong('vendor', vendor, 'sunoapi or kie')
  if (hmacKey && vendor !== 'kie') {
    throw new RangeError('Cannot start the sandbox: --hmac-key needs --vendor kie, sunoapi.org signs nothing')
  }
  return {
    host,
    vendor,
    apiKey,
    hmacKey,
    port: readCount(values, 'port', 65_535) ?? 3100,
    phraseAfterMs: readTime(values, 'phrase-after', 3000),
    voiceAfterMs: readTime(values, 'voice-after', 5000),
    phraseLifeMs: readTime(values, 'phrase-life', 180_000),
    lateByMs: readTime(values, 'late-by', 60_000),
    lose: readProbability(values, 'lose'),
    duplicate: readProbability(values, 'duplicate'),
    late: readProbability(values, 'late'),
    fail: readProbability(values, 'fail'),
    emptyFirst: readProbability(values, 'empty-first'),
    sameId: values['same-id'] ?? false,
    rateLimit: readCount(values, 'rate-limit', Number.MAX_SAFE_INTEGER) ?? Infinity,
    credits: readCount(values, 'credits', Number.MAX_SAFE_INTEGER) ?? Infinity,
    seed: readCount(values, 'seed', MAX_SEED) ?? randomInt(MAX_SEED)
  } satisfies Partial<SandboxOptions>
}

function readProbability (values: Values, name: typeof CHANCES[number]): number {
  const text = values[name] ?? '0'
  if (!/^(0|1|0?\.\d+|1\.0+)$/.test(text)) throw wrong(name, text, 'a probability from 0 to 1')
  return Number(text)
}

function readCount (values: Values, name: typeof COUNTS[number], max: number): number | undefined {
  const text = values[name]
  if (text === undefined) return undefined
  if (!/^\d+$/.test(text) || Number(text) > max) throw wrong(name, text, `a whole number from 0 to ${max}`)
  return Number(text)
}

function readTime (values: Values, name: typeof TIMES[number], defaultMs: number): number {
  const text = values[name]
  if (text === undefined) return defaultMs
  const [, count, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
  const ms = Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]
  if (!(ms <= MAX_MS)) throw wrong(name, text, 'a number and ms, s, m or h, up to 24h')
  return ms
}

function wrong (name: string, value: string, expected: string): RangeError {
  return new RangeError(`Cannot start the sandbox: --${name} is ${JSON.stringify(value)}, expected ${expected}`)
}
