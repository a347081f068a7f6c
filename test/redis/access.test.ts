import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { redisBus } from '../../src/bus/redis.ts'
import { draft } from '../../src/conformance/drafts.ts'
import { redisConnections, type RedisConnections } from '../../src/redis/connections.ts'
import { parseRedisUrl } from '../../src/redis/address.ts'
import { redisStore } from '../../src/store/redis/store.ts'
import { freePort } from '../support/port.ts'
import { lacks } from '../support/proxies.ts'
import { startRedis, skipRedis, type Lifetime } from '../support/redis.ts'
import { temporaryFolder } from '../support/relay.ts'

/** The permissions that docs/fleet.md states. */
const PERMISSIONS = '~{relay}:* &{relay}:* -@all +@read +@write +@scripting +@pubsub +@connection +info +time'
const PATIENCE = { askAfterMs: 1, giveUpMs: 1000 }
const CLAIM = { leaseMs: 1, maxQuestions: 1, maxCalls: 1, windowMs: 1 }

/** Calls every method of a store and a bus. */
async function useAll (t: Test, connections: RedisConnections): Promise<void> {
  const bus = redisBus(connections)
  const store = await redisStore(connections)
  const { quarantine, submissions } = store
  const delivery = { key: 'key', onConflict: 'reject', expiresAt: Date.now() + 60_000 } as const
  const held = { step: 'validate', body: '{}', reason: 'it is odd', digest: 'one', delivery } as const
  const news = Promise.withResolvers<string>()
  const unsubscribe = await bus.subscribe('a', ({ id }) => { news.resolve(id) })

  const { event } = await store.append('a', { ...draft('one'), delivery })
  t.equal(await news.promise, event.id)
  t.equal((await store.extent('a')).last, 1)
  t.strictSame(await store.read('a', `${event.id.split('.')[0]}.0`, 10), [event])
  t.equal((await store.moved(new Map([['a', 'other.1']]))).size, 1)
  t.strictSame(await quarantine.hold(held), event)
  await quarantine.hold({ ...held, delivery: undefined })
  await quarantine.hold({ ...held, delivery: { ...delivery, key: 'other' } })
  t.equal((await quarantine.list()).length, 2)
  t.equal((await quarantine.get(1))?.body, '{}')
  t.equal((await quarantine.release(1, 'a', draft('two')))?.event.seq, 2)
  t.equal(await quarantine.drop(7), false)
  await submissions.reserve({ id: 'r', step: 'validate', idempotency: { key: 'key', digest: 'body' } }, PATIENCE)
  await submissions.expect('r', 'a')
  await submissions.watch({ id: 'w', taskId: 'b', step: 'generate' }, PATIENCE)
  await submissions.cancel('unknown')
  await submissions.claim(CLAIM)
  await submissions.pause(1)
  t.equal((await submissions.overdue('r', draft('overdue')))?.event.seq, 3)
  await submissions.answer('r', { nextMs: 1 })
  await submissions.giveUp('w', draft('timeout'))
  t.equal((await submissions.of('a')).length, 1)
  const own = { name: 'relay:1', version: '1.0.0', runtime: 'Node 24', startedAt: '2026-01-02T03:04:05Z', streams: 1 }
  t.match(await store.nodes?.(own), [{ ...own, isOwn: true }])
  t.ok(Number(await store.bytes?.()) > 0)
  t.equal((await submissions.counts()).overdue, 1)
  t.equal(typeof await submissions.nextDueMs(), 'number')
  t.equal((await submissions.signingKey()).length, 43)
  await bus.publish(event)
  t.strictSame(await store.erase('a', [2]), { events: 3, callbacks: 1 })
  await store.trim(0, () => false)
  await store.check()
  t.equal((await connections.info()).get('role'), 'master')
  unsubscribe()
  await bus.close()
  await store.close()
}

/** Creates a certificate authority, and a certificate for 127.0.0.1 by it. */
function createCertificates (t: Lifetime): { readonly folder: string, readonly ca: string } {
  const folder = temporaryFolder(t)
  const openssl = (...args: string[]): void => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=a test authority')
  openssl(
    'req', '-x509', ...key, '-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=a test server',
    '-CA', 'ca.pem', '-CAkey', 'ca.key', '-addext', 'subjectAltName=IP:127.0.0.1'
  )
  return { folder, ca: readFileSync(join(folder, 'ca.pem'), 'utf8') }
}

if (skipRedis) t.plan(0, skipRedis)
else {
  t.test('the documented permissions suffice', async t => {
    const { port } = await startRedis(t, { lines: [`user relay on >secret ${PERMISSIONS}`] })
    await useAll(t, redisConnections({ address: parseRedisUrl(`redis://relay:secret@127.0.0.1:${port}`) }))
  })

  t.test('the documented permissions suffice to wait for replicas', async t => {
    const server = await startRedis(t, { lines: [`user relay on >secret ${PERMISSIONS}`] })
    const replica = await startRedis(t)
    await replica.replicaOf(server.port)
    const address = parseRedisUrl(`redis://relay:secret@127.0.0.1:${server.port}`)
    const store = await redisStore(redisConnections({ address, timeoutMs: 60_000 }), { waitReplicas: 1 })
    t.equal((await store.append('a', draft('one'))).event.seq, 1)
    await store.close()
  })

  t.test('each of the documented permissions is needed', async t => {
    for (const permission of ['+@read', '+@write', '+@scripting', '+@pubsub', '+@connection', '+info', '+time']) {
      const { port } = await startRedis(t, { lines: [`user relay on >secret ${PERMISSIONS.replace(permission, '')}`] })
      const address = parseRedisUrl(`redis://relay:secret@127.0.0.1:${port}`)
      const connections = redisConnections({ address, timeoutMs: 1000 })
      t.teardown(() => { connections.close() })
      const append = redisStore(connections, { waitReplicas: 1 }).then((store) => store.append('a', draft('one')))
      await t.rejects(append, { message: /NOPERM|No permission|can't run this command/i }, permission)
    }
  })

  // Deno takes authorities from NODE_EXTRA_CA_CERTS, at its start.
  const noTls = 'Deno' in globalThis ? 'Deno reads its authorities at its start' : lacks('openssl', 'version')
  t.test('TLS with an authority of its own', { skip: noTls }, async t => {
    const { folder, ca } = createCertificates(t)
    const port = await freePort()
    const file = (name: string): string => join(folder, name)
    const tls = {
      'tls-port': String(port),
      'tls-cert-file': file('cert.pem'),
      'tls-key-file': file('key.pem'),
      'tls-ca-cert-file': file('ca.pem'),
      'tls-auth-clients': 'no'
    }
    await startRedis(t, { config: tls })
    const address = parseRedisUrl(`rediss://127.0.0.1:${port}`)
    await useAll(t, redisConnections({ address: { ...address, tls: { ca } } }))
    const stranger = redisConnections({ address, timeoutMs: 300 })
    t.teardown(() => { stranger.close() })
    await t.rejects(stranger.info(), { code: 'STORE_UNAVAILABLE', message: /self-signed|verify|local issuer/ })
  })
}
