import t from 'tap'
import { checkFormat, checkServer } from '../../src/redis/requirements.ts'

const GOOD = ['redis_version:7.2.4', 'maxmemory_policy:noeviction', 'master_replid:a1b2', 'aof_enabled:1']
const STRICT = { waitFsync: true, allowReusedIds: false }
const PLAIN = { waitFsync: false, allowReusedIds: false }

/** Fields of `INFO`: those of a good server, with others in their place. A field without a value is missing. */
function info (...lines: string[]): Map<string, string> {
  const fields = [...GOOD, ...lines].map((line) => line.split(':') as [string, string])
  return new Map([...new Map(fields)].filter(([, value]) => value))
}

t.test('checkServer() accepts a server that keeps what it is given', async t => {
  t.strictSame(checkServer(info(), STRICT), [])
  t.strictSame(checkServer(info('redis_version:8.0.2'), STRICT), [])
  t.strictSame(checkServer(info('redis_version:7.0.15'), PLAIN), [])
  t.strictSame(checkServer(info('maxmemory_policy:'), PLAIN), [])
})

t.test('checkServer() warns of a server without an append-only file', async t => {
  const [warning, ...rest] = checkServer(info('aof_enabled:0'), PLAIN)
  t.match(warning, /expected appendonly yes/)
  t.strictSame(rest, [])
})

t.test('checkServer() accepts a server without master_replid if the settings allow it', async t => {
  t.strictSame(checkServer(info('master_replid:'), { waitFsync: false, allowReusedIds: true }), [])
})

const REFUSED: Array<[string, string, RegExp]> = [
  ['eviction', 'maxmemory_policy:volatile-lru', /volatile-lru, .*CONFIG SET maxmemory-policy noeviction/],
  ['no master_replid', 'master_replid:', /master_replid.*REDIS_ALLOW_REUSED_IDS=true/],
  ['an old version', 'redis_version:6.2.14', /6\.2\.14, expected Redis 7\.0/],
  ['no version', 'redis_version:', /version is unknown/],
  ['no WAITAOF', 'redis_version:7.0.15', /7\.0\.15 has no WAITAOF, expected Redis 7\.2/],
  ['no file for WAITAOF', 'aof_enabled:0', /CONFIG SET appendonly yes/]
]

for (const [name, field, message] of REFUSED) {
  t.test(`checkServer() refuses ${name} and says the cure`, async t => {
    t.throws(() => checkServer(info(field), STRICT), { code: 'STORE_UNAVAILABLE', message })
  })
}

t.test('checkFormat() refuses keys of a newer version', async t => {
  checkFormat(null)
  checkFormat('1')
  t.throws(() => { checkFormat('2') }, { code: 'STORE_UNAVAILABLE', message: /format 2.*a newer version of the relay/ })
})
