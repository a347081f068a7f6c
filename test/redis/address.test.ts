import t from 'tap'
import { describeRedis, parseRedisUrl } from '../../src/redis/address.ts'

const LOCAL = { host: '127.0.0.1', port: 7000 }

const VALID: Record<string, object> = {
  'redis://127.0.0.1:7000': { places: [LOCAL], db: 0 },
  'redis://redis': { places: [{ host: 'redis', port: 6379 }], db: 0 },
  'redis://redis/': { places: [{ host: 'redis', port: 6379 }], db: 0 },
  'redis://[::1]:7000/3': { places: [{ host: '::1', port: 7000 }], db: 3 },
  'rediss://127.0.0.1:7000': { places: [LOCAL], db: 0, tls: {} },
  'redis://127.0.0.1:7000,b.example': { places: [LOCAL, { host: 'b.example', port: 6379 }], db: 0 },
  'redis://:p%40ss@127.0.0.1:7000': { password: 'p@ss', places: [LOCAL], db: 0 },
  'redis://relay:p:w%2F@127.0.0.1:7000': { username: 'relay', password: 'p:w/', places: [LOCAL], db: 0 },
  'redis://relay:a@b@127.0.0.1:7000': { username: 'relay', password: 'a@b', places: [LOCAL], db: 0 },
  'redis://:/?#[]:@@127.0.0.1:7000': { password: '/?#[]:@', places: [LOCAL], db: 0 },
  'redis+sentinel://s1,s2:7000/main': {
    places: [{ host: 's1', port: 26_379 }, { host: 's2', port: 7000 }], primary: 'main', db: 0
  },
  'redis+sentinel://s1/main?sentinelPassword=a%26b': {
    places: [{ host: 's1', port: 26_379 }], primary: 'main', sentinel: { password: 'a&b' }, db: 0
  },
  'rediss+sentinel://:pw@s1/main/2?sentinelPassword=a&sentinelUsername=u': {
    password: 'pw',
    places: [{ host: 's1', port: 26_379 }],
    primary: 'main',
    sentinel: { username: 'u', password: 'a' },
    db: 2,
    tls: {}
  }
}

for (const [url, address] of Object.entries(VALID)) {
  t.test(`parseRedisUrl() reads ${url}`, async t => {
    t.strictSame(parseRedisUrl(url), address)
  })
}

const WRONG: Record<string, RegExp> = {
  'redis:secret': /malformed/,
  'redis://': /malformed/,
  'redis://host#secret': /malformed/,
  'http://user:secret@host': /malformed/,
  'redis://:secret%@host': /%25/,
  'redis://secret@host': /a user without a password/,
  'redis://secret:@host': /a user without a password/,
  'redis://secret:secret': /malformed host/,
  'redis://host:0': /malformed host/,
  'redis://host:65536': /malformed host/,
  'redis://host,,host': /malformed host/,
  'redis://host/secret': /a malformed database, expected a number/,
  'redis://host/1/secret': /a malformed database/,
  'redis://host/1234567': /a malformed database/,
  'redis://host?sentinelPassword=secret': /an unknown query/,
  'redis+sentinel://host': /does not name the primary/,
  'redis+sentinel://host/': /does not name the primary/,
  'redis+sentinel://host/main/secret': /a malformed database/,
  'redis+sentinel://host/main?password=secret': /an unknown query/,
  'redis+sentinel://host/main?sentinelUsername=secret': /an unknown query/
}

for (const [url, message] of Object.entries(WRONG)) {
  t.test(`parseRedisUrl() refuses ${url} and prints no part of it`, async t => {
    const error = t.throws(() => parseRedisUrl(url), { name: 'RangeError', message }) as unknown as Error
    t.match(error.message, /^STORE_URL /)
    t.notMatch(error.message, /secret/)
  })
}

t.test('describeRedis() names the hosts without the secrets', async t => {
  t.equal(describeRedis(parseRedisUrl('rediss://u:secret@[::1]:1,b')), '[::1]:1, b:6379')
  t.equal(describeRedis(parseRedisUrl('redis+sentinel://:secret@b/main')), 'main of the Sentinels b:26379')
})
