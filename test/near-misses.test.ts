import t from 'tap'
import { ConfigSchema } from '../schemas/config.ts'
import { findNearMisses } from '../src/near-misses.ts'

const MISSES: ReadonlyArray<[found: string, setting: string]> = [
  ['CALLBACK_TOKEN', 'CALLBACK_TOKENS'],
  ['CALBACK_TOKENS', 'CALLBACK_TOKENS'],
  ['callback_tokens', 'CALLBACK_TOKENS'],
  ['CALLBACK-TOKENS', 'CALLBACK_TOKENS'],
  ['WEBHOOK_HMAC_KEY', 'WEBHOOK_HMAC_KEYS'],
  ['TICKET_KEY', 'TICKET_KEYS'],
  ['CORS_ORIGIN', 'CORS_ORIGINS'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['PORTS', 'PORT'],
  ['KEEP_ALIVE', 'KEEP_ALIVE_MS'],
  ['BODY_LIMIT', 'BODY_LIMIT_BYTES'],
  ['RETENTION', 'RETENTION_HOURS']
]

for (const [found, setting] of MISSES) {
  t.test(`findNearMisses() takes ${found} for ${setting}`, async t => {
    t.strictSame(findNearMisses([found]), [{ found, setting }])
  })
}

t.test('findNearMisses() ignores settings and the variables of other programs', async t => {
  const others = [
    'HOME', 'PATH', 'PWD', 'USER', 'TERM', 'HOSTNAME', 'LANG', 'NODE_ENV', 'NODE_OPTIONS', 'DATABASE_URL', 'TRUST',
    'SHELL', 'SHLVL', 'TMPDIR', 'DEBUG', 'CI', 'TZ', 'HTTP_PROXY', 'npm_config_cache', 'LOGNAME', 'MAIL', 'EDITOR'
  ]
  t.strictSame(findNearMisses([...Object.keys(ConfigSchema.properties), ...others]), [])
})
