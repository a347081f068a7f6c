import { globSync, readdirSync, readFileSync } from 'node:fs'
import { Registry } from 'prom-client'
import t from 'tap'
import { ConfigSchema } from '../../schemas/config.ts'
import { generate, GENERATED_FILES } from '../../docs/generate.ts'
import { STATUS } from '../../src/errors.ts'
import { reportRedis } from '../../src/redis-report.ts'
import { startAsking, startSandbox, submitTo, VALIDATE } from '../support/asking.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { DOCUMENTS, readDocument, ROOT, tableRows } from '../support/docs.ts'
import { watch } from '../support/sse.ts'

const SETTINGS = Object.keys(ConfigSchema.properties)

for (const file of GENERATED_FILES) {
  t.test(`documents: the generated parts of ${file} are up to date, else run npm run docs`, async t => {
    t.equal(readDocument(file), generate(readDocument(file)))
  })
}

t.test('documents: the table of settings names every setting with its default', async t => {
  const rows = tableRows('docs/configuration.md', 'generated: config').map(([name, value]) => [name, value])
  const settings = Object.entries(ConfigSchema.properties)
  t.strictSame(rows, settings.map(([name, schema]) => [`\`${name}\``, String(schema.default)]))
})

t.test('documents: the table of errors names every code with its status', async t => {
  const rows = tableRows('docs/http-api.md', 'errors').map(([code, status]) => [code, status])
  t.strictSame(rows, Object.entries(STATUS).map(([code, status]) => [`\`${code}\``, String(status)]))
})

t.test('documents: names in capitals are settings, error codes, or known to other programs', async t => {
  const node = ['NODE_COMPILE_CACHE', 'NODE_DISABLE_COMPILE_CACHE', 'NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS']
  const others = [...node, 'CI', 'EBADENGINE', 'REDIS_SERVER']
  const known = new Set([...SETTINGS, ...Object.keys(STATUS), ...others])
  const unknown = DOCUMENTS.flatMap((file) => {
    const names = readDocument(file).matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b/g)
    return [...names].filter(([, name = '']) => !known.has(name)).map(([, name]) => `${file} ${name}`)
  })
  t.strictSame(unknown, [])
})

t.test('documents: the table of metrics names every metric of the relay with its type and its labels', async t => {
  const sandbox = await startSandbox(t)
  const { url } = await startAsking(t, sandbox.url, { PUBLIC_URL: '', ASK_AFTER_MS: 0 })
  await post(url, phraseReady('a'))
  const { json: { events } } = await submitTo(`${url}/tasks`, VALIDATE)
  await (await watch(t, `${events}&until=done`)).rest()
  const ofRedis = new Registry()
  reportRedis(ofRedis, { info () {}, warn () {} })
  const text = await (await fetch(`${url}/metrics`)).text() + await ofRedis.metrics()
  const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name, type] as [string, string])

  const labelsOf = (metric: string): string => {
    const [, labels = ''] = new RegExp(`^${metric}(?:_bucket)?\\{(.*)\\}`, 'm').exec(text) ?? []
    const names = [...labels.matchAll(/(\w+)="/g)].map(([, name]) => name)
    return names.filter((name) => name !== 'le').map((name) => `\`${name}\``).join(', ')
  }

  const ours = types.filter(([name]) => !/^(?:process|nodejs)_/.test(name))
  const rows = tableRows('docs/operate.md', 'metrics')
  const found = ours.map(([name, type]) => [`\`${name}\``, type, labelsOf(name)])
  t.strictSame(rows.map(([name, type, labels]) => [name, type, labels]).sort(), found.sort())
  t.ok(rows.every(([, , , meaning]) => meaning))
})

t.test('documents: the tree of rooms names every file and folder of src, and no other', async t => {
  const [, tree = ''] = /\n {4}src\/\n(.*?)\n {4}test\//s.exec(readDocument('docs/architecture.md')) ?? []
  const named = [...tree.matchAll(/^ {6}([\w.-]+)/gm)].map(([, name]) => name as string)
  t.strictSame([...new Set(named)].sort(), readdirSync(`${ROOT}src`).sort())
})

t.test('documents: the table of log lines names every message that the source logs', async t => {
  const files = globSync('src/**/*.ts', { cwd: ROOT })
  const sources = files.map((file) => readFileSync(ROOT + file, 'utf8')).join('\n')
  const calls = [...sources.matchAll(/\blog(?:\.\w+|\[.*?\])\(.*?\}, (.*)\)$/gm)].map(([, message = '']) => message)
  const logged = calls.flatMap((message) => [...message.matchAll(/'([^']+)'/g)].map(([, text]) => text))
  const rows = tableRows('docs/operate.md', 'logs').map(([message]) => (message as string).slice(1, -1))

  t.ok(logged.length > 4)
  t.strictSame(rows.filter((message) => !message.startsWith('listening')).sort(), [...new Set(logged)].sort())
})
