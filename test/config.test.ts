import t from 'tap'
import { ConfigSchema } from '../schemas/config.ts'
import { callbacksNeedProof, completeConfig, describeConfig, readConfig } from '../src/config.ts'

const properties = Object.entries(ConfigSchema.properties)
// Without PUBLIC_URL no callback can come.
const defaults: object = {
  ...Object.fromEntries(properties.map(([name, schema]) => [name, schema.default])),
  ASK_AFTER_MS: 3000
}

t.test('readConfig() fills in every default', async t => {
  t.strictSame(readConfig({}), defaults)
  t.match(readConfig({}), {
    HOST: '127.0.0.1',
    PORT: 3000,
    STORE_URL: 'sqlite:data/relay.db',
    REDIS_PREFIX: 'relay',
    REDIS_WAIT_REPLICAS: 0,
    REDIS_WAIT_FSYNC: false,
    REDIS_TIMEOUT_MS: 5000,
    REDIS_ALLOW_REUSED_IDS: false,
    DEDUPE_WINDOW_MS: 120_000,
    RETENTION_HOURS: 24,
    BODY_LIMIT_BYTES: 65_536,
    KEEP_ALIVE_MS: 15_000,
    RETRY_MS: 2000
  })
})

t.test('readConfig() treats an empty variable as unset', async t => {
  t.strictSame(readConfig({ PORT: '', HOST: '' }), defaults)
})

t.test('readConfig() ignores variables of other programs', async t => {
  t.strictSame(readConfig({ PATH: '/bin', NODE_ENV: 'test' }), defaults)
})

t.test('readConfig() reads numbers and texts', async t => {
  t.match(readConfig({ PORT: '0', HOST: '::1', LOG_LEVEL: 'warn', RETENTION_HOURS: '0.5', STORE_URL: 'memory:' }), {
    PORT: 0,
    HOST: '::1',
    LOG_LEVEL: 'warn',
    RETENTION_HOURS: 0.5,
    STORE_URL: 'memory:'
  })
})

const ORIGIN_FORM = 'origins without a path or a wildcard, such as https://app.example, or * or null'
const PROXY_FORM = 'off, a number of proxies, or addresses, networks and names, separated by commas'
const NOT_ORIGINS = [
  'https://app.example/', 'https://app.example/path', 'app.example', '*.app.example', 'https://*.app.example',
  'https://', 'https://user@app.example', 'https://app.example?x', 'none'
]
const NOT_PROXIES = [
  'on', 'true', '0', '-1', '100', '1.5', '10.0.0.0/33', '10.0.0.0/0', '::/129', '10.0.0', '10.0.0.0/8/8', 'loopback,'
]

const WRONG: Array<[Record<string, string>, string]> = [
  [{ PORT: 'http' }, 'PORT is "http", expected a whole number from 0 to 65535'],
  [{ PORT: '65536' }, 'PORT is 65536, expected a whole number from 0 to 65535'],
  [{ PORT: '-1' }, 'PORT is -1, expected a whole number from 0 to 65535'],
  [{ PORT: '1.5' }, 'PORT is 1.5, expected a whole number from 0 to 65535'],
  [{ PORT: 'Infinity' }, 'PORT is "Infinity", expected a whole number from 0 to 65535'],
  [{ PORT: ' ' }, 'PORT is " ", expected a whole number from 0 to 65535'],
  [{ RETENTION_HOURS: 'long' }, 'RETENTION_HOURS is "long", expected a number from 0 to 876000'],
  [{ BODY_LIMIT_BYTES: '1' }, 'BODY_LIMIT_BYTES is 1, expected a whole number from 1024 to 16777216'],
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL is "loud", expected one of fatal, error, warn, info, debug, trace, silent'],
  [{ ALLOW_OPEN_CALLBACKS: 'yes' }, 'ALLOW_OPEN_CALLBACKS is "yes", expected true or false'],
  [
    { WEBHOOK_HMAC_KEYS: 'whsec_not base64' },
    'WEBHOOK_HMAC_KEYS is malformed, expected keys of kie.ai, and secrets of Standard Webhooks as whsec_ and base64'
  ],
  [
    { WEBHOOK_HMAC_KEYS: 'fine,whsec_' },
    'WEBHOOK_HMAC_KEYS is malformed, expected keys of kie.ai, and secrets of Standard Webhooks as whsec_ and base64'
  ],
  ...NOT_ORIGINS.map((CORS_ORIGINS): [Record<string, string>, string] => [
    { CORS_ORIGINS },
    `CORS_ORIGINS is "${CORS_ORIGINS}", expected ${ORIGIN_FORM}`
  ]),
  [{ CALLBACK_TOKENS: 'fifteen letters' }, 'CALLBACK_TOKENS is malformed, expected texts of 16 or more characters'],
  [{ STORE_URL: 'data/relay.db' }, 'STORE_URL is malformed, expected sqlite:PATH, memory: or redis://host:port'],
  [{ STORE_URL: 'sqlite::memory:' }, 'STORE_URL is sqlite::memory:, expected memory: for a store without a file'],
  [{ HOST: '[::1]', ALLOW_OPEN_CALLBACKS: 'true' }, 'HOST is "[::1]", expected ::1 without brackets'],
  ...NOT_PROXIES.map((TRUST_PROXY): [Record<string, string>, string] => [
    { TRUST_PROXY },
    `TRUST_PROXY is "${TRUST_PROXY}", expected ${PROXY_FORM}`
  ]),
  [{ STORE_URL: 'postgres://me:password@host' },
    'STORE_URL has the scheme postgres:, expected sqlite:PATH, memory: or redis://host:port'],
  [{ STORE_URL: 'redis:password' }, 'STORE_URL is malformed, expected sqlite:PATH, memory: or redis://host:port'],
  [{ STORE_URL: 'redis://password@host' },
    'STORE_URL has a user without a password, expected user:password@ or :password@'],
  [{ REDIS_PREFIX: '{relay}' },
    'REDIS_PREFIX is "{relay}", expected 1 to 32 letters, digits, or any of . _ -'],
  [{ REDIS_WAIT_REPLICAS: '16' }, 'REDIS_WAIT_REPLICAS is 16, expected a whole number from 0 to 15'],
  [{ REDIS_TIMEOUT_MS: '99' }, 'REDIS_TIMEOUT_MS is 99, expected a whole number from 100 to 60000']
]

for (const [env, problem] of WRONG) {
  t.test(`readConfig() refuses: ${problem}`, async t => {
    t.throws(() => readConfig(env), new RangeError(`Cannot start: ${problem}`))
  })
}

t.test('readConfig() names every wrong value at once, each once', async t => {
  t.throws(() => readConfig({ PORT: 'x', LOG_LEVEL: 'loud', DRAIN_MS: '-1' }), {
    message: 'Cannot start: PORT is "x", expected a whole number from 0 to 65535; ' +
      'LOG_LEVEL is "loud", expected one of fatal, error, warn, info, debug, trace, silent; ' +
      'DRAIN_MS is -1, expected a whole number from 0 to 2147483647'
  })
})

t.test('completeConfig() completes a copy of the given object', async t => {
  const given = { PORT: 1 }
  t.strictSame(completeConfig(given), { ...defaults, PORT: 1 })
  t.strictSame(given, { PORT: 1 })
})

t.test('completeConfig() refuses an empty text', async t => {
  t.throws(() => completeConfig({ HOST: '' }), { message: 'Cannot start: HOST is "", expected text' })
})

t.test('completeConfig() refuses an unknown setting', async t => {
  t.throws(() => completeConfig({ PROT: 1 } as object), {
    message: 'Cannot start: PROT is not a setting'
  })
})

t.test('describeConfig() prints every variable with its default, description and form', async t => {
  const text = describeConfig()
  for (const [name, { default: value, description }] of Object.entries(ConfigSchema.properties)) {
    t.ok(text.includes(`  ${name}=${value}\n      ${description} (`), name)
  }
  t.match(text, /PORT=3000\n {6}port to listen on; .* \(a whole number from 0 to 65535\)\n/)
})

t.test('every description of a duration or size names its unit', async t => {
  const units = { _MS: 'milliseconds', _BYTES: 'bytes', _HOURS: 'hours' }
  for (const [name, { description }] of Object.entries(ConfigSchema.properties)) {
    for (const [ending, unit] of Object.entries(units)) {
      if (name.endsWith(ending)) t.ok(String(description).includes(unit), name)
    }
  }
})

t.test('readConfig() reads comma lists and switches', async t => {
  const [one, two] = ['one-of-two-tokens', 'two-of-two-tokens']
  t.match(readConfig({ CALLBACK_TOKENS: `${one}, ${two},,`, WEBHOOK_HMAC_KEYS: 'key', ALLOW_OPEN_CALLBACKS: 'true' }), {
    CALLBACK_TOKENS: [one, two],
    WEBHOOK_HMAC_KEYS: ['key'],
    ALLOW_OPEN_CALLBACKS: true
  })
  t.match(readConfig({ ALLOW_OPEN_CALLBACKS: 'false' }), { ALLOW_OPEN_CALLBACKS: false })
})

t.test('readConfig() accepts proxies by number, address, network and name', async t => {
  for (const TRUST_PROXY of [
    'off', '1', '12', '10.0.0.1', '10.0.0.0/8, ::1', 'fd00::/8', 'loopback,linklocal,uniquelocal'
  ]) {
    t.equal(readConfig({ TRUST_PROXY }).TRUST_PROXY, TRUST_PROXY)
  }
})

const CURES = [
  { CALLBACK_TOKENS: 'a-token-of-the-sender' }, { WEBHOOK_HMAC_KEYS: 'key' }, { ALLOW_OPEN_CALLBACKS: 'true' }
]

for (const HOST of ['0.0.0.0', '::', '192.0.2.1', 'relay.example', '127.0.0.1.example', '127.1']) {
  t.test(`readConfig() refuses to listen on ${HOST} if callbacks need no proof`, async t => {
    const problem = `Cannot start: HOST is "${HOST}", where strangers can post callbacks, ` +
      'expected CALLBACK_TOKENS or WEBHOOK_HMAC_KEYS to be set, or ALLOW_OPEN_CALLBACKS=true'
    t.throws(() => readConfig({ HOST }), new RangeError(problem))
    for (const cure of CURES) {
      t.equal(readConfig({ HOST, ...cure }).HOST, HOST)
    }
  })
}

t.test('readConfig() allows callbacks without proof on loopback', async t => {
  for (const HOST of ['localhost', '127.0.0.1', '127.8.8.8', '::1']) t.equal(readConfig({ HOST }).HOST, HOST)
})

t.test('readConfig() with SUNO_API_KEY needs API_TOKENS on a public address, and no CALLBACK_TOKENS', async t => {
  const problem = 'Cannot start: HOST is public, so strangers could submit to Suno, expected API_TOKENS to be set'
  const given = { HOST: '0.0.0.0', SUNO_API_KEY: 'sk' }
  t.throws(() => readConfig(given), new RangeError(problem))
  t.throws(() => readConfig({ ...given, CALLBACK_TOKENS: 'a-token-of-the-sender' }), new RangeError(problem))
  const tokens = ['1'.repeat(32), '2'.repeat(32)]
  t.strictSame(readConfig({ ...given, API_TOKENS: tokens.join() }).API_TOKENS, tokens)
  t.ok(readConfig({ ...given, HOST: '127.0.0.1' }))
  t.ok(readConfig({ ...given, HOST: '127.0.0.1', PUBLIC_URL: 'http://localhost:3000' }))
  const published = { ...given, HOST: '127.0.0.1', PUBLIC_URL: 'https://a.example' }
  t.throws(() => readConfig(published), /PUBLIC_URL is public/)
  t.ok(readConfig({ ...published, API_TOKENS: tokens.join() }))
})

t.test('callbacksNeedProof() is false only where nobody else can post, or where that is wanted', async t => {
  const published = { SUNO_API_KEY: 'sk', PUBLIC_URL: 'https://a.example', API_TOKENS: '1'.repeat(32) }
  const open = [{}, { SUNO_API_KEY: 'sk' }, { ...published, ALLOW_OPEN_CALLBACKS: 'true' }]
  const proven = [
    { CALLBACK_TOKENS: 'a-token-of-the-sender' }, { WEBHOOK_HMAC_KEYS: 'key' }, published,
    { SUNO_API_KEY: 'sk', HOST: '0.0.0.0', API_TOKENS: '1'.repeat(32) }
  ]
  for (const env of open) t.notOk(callbacksNeedProof(readConfig(env as {})), JSON.stringify(env))
  for (const env of proven) t.ok(callbacksNeedProof(readConfig(env as {})), JSON.stringify(env))
})

t.test('readConfig() waits longer for a callback where one can come', async t => {
  t.equal(readConfig({}).ASK_AFTER_MS, 3000)
  t.equal(readConfig({ PUBLIC_URL: 'https://a.example' }).ASK_AFTER_MS, 30_000)
  t.equal(readConfig({ ASK_AFTER_MS: '1' }).ASK_AFTER_MS, 1)
})

t.test('readConfig() never prints an API key or token', async t => {
  t.throws(() => readConfig({ SUNO_API_KEY: 'my key', API_TOKENS: 'my token' }), {
    message: /^(?!.*my).*SUNO_API_KEY is malformed.*API_TOKENS is malformed/
  })
  const urls = [
    'ftp://a.example', 'a.example', 'https://', 'https://me@a.example', 'https://a.example/?x', 'https://a.example/#x', 'http://a:99999'
  ]
  for (const url of urls) {
    t.throws(() => readConfig({ PUBLIC_URL: url }), /PUBLIC_URL/)
    t.throws(() => readConfig({ SUNO_API_URL: url }), /SUNO_API_URL/)
  }
})

t.test('SUNO_API_URL without TLS is accepted on this machine only, and never quoted', async t => {
  for (const url of ['http://127.0.0.1:3100', 'http://localhost/suno', 'http://[::1]:80', 'https://suno.example']) {
    t.equal(readConfig({ SUNO_API_URL: url }).SUNO_API_URL, url)
  }
  for (const url of ['http://suno.example', 'HTTP://10.0.0.1:3100', 'http://localhost.example']) {
    const message = /^(?!.*example).*SUNO_API_URL has the scheme http:, which sends SUNO_API_KEY in the clear/
    t.throws(() => readConfig({ SUNO_API_URL: url }), { message })
  }
})

const ORIGINS: Readonly<Record<string, string>> = {
  '*': '*',
  null: 'null',
  'HTTPS://App.Example': 'https://app.example',
  'https://app.example:443': 'https://app.example',
  'http://app.example:80': 'http://app.example',
  'http://localhost:8080': 'http://localhost:8080',
  'https://bücher.example': 'https://xn--bcher-kva.example',
  'capacitor://localhost': 'capacitor://localhost',
  'Tauri://LocalHost': 'tauri://localhost',
  'chrome-extension://abcdefghijklmnop': 'chrome-extension://abcdefghijklmnop',
  'ionic://localhost:8100': 'ionic://localhost:8100'
}

t.test('readConfig() writes origins as browsers send them', async t => {
  const config = readConfig({ CORS_ORIGINS: Object.keys(ORIGINS).join() })
  t.strictSame(config.CORS_ORIGINS, Object.values(ORIGINS))
})

t.test('by default, one address cannot take all streams of a task', async t => {
  const { MAX_STREAMS_PER_IP, MAX_STREAMS_PER_TASK } = readConfig({})
  t.ok(MAX_STREAMS_PER_IP < MAX_STREAMS_PER_TASK)
})
