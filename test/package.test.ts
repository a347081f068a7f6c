import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { ConfigSchema } from '../schemas/config.ts'
import { EventDataSchema } from '../schemas/event.ts'
import { submitTo, VALIDATE } from './support/asking.ts'
import { phraseReady, post } from './support/callbacks.ts'
import { DOCUMENTS, linksOf } from './support/docs.ts'
import { node20, noNode20 } from './support/node20.ts'
import { checkConsumer } from './support/package-types.ts'
import { freePort } from './support/port.ts'
import { runCommand, runtimeCommand, startProcess } from './support/process.ts'
import { skipRedis, startRedis } from './support/redis.ts'
import { temporaryFolder } from './support/relay.ts'
import { watch } from './support/sse.ts'

const MODULES = ['phrase-relay', 'phrase-relay/backend', 'phrase-relay/client', 'phrase-relay/conformance']
const ON_DENO = 'Deno' in globalThis && 'Deno has no --import'
const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))

t.test('package: the tarball, installed in an empty folder, does the main job', async t => {
  const folder = temporaryFolder(t)
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  await run('npm', ['install', '--silent', join(folder, stdout.trim().split('\n').at(-1) as string)], { cwd: folder })

  await t.test('as examples/embed.ts, mounted under a prefix', async t => {
    const example = readFileSync(join(root, 'examples/embed.ts'), 'utf8')
      .replace('port: 3000', 'port: 0')
      .replace("'relay.db'", JSON.stringify(join(folder, 'relay.db')))
    const print = "\nconsole.log('listening on', app.listeningOrigin)\n"
    writeFileSync(join(folder, 'embed.ts'), example + print)
    const { url } = await startProcess(t, {}, runtimeCommand(join(folder, 'embed.ts')))
    await sees(t, `${url}/voice`)
  })

  await t.test('with types that a strict consumer can use', async t => {
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node']
    options.push('--typeRoots', join(root, 'node_modules/@types'))
    await t.resolves(run(join(root, 'node_modules/.bin/tsc'), [...options, 'embed.ts'], { cwd: folder }))
  })

  await t.test('with types that document themselves and name nothing hidden', async t => {
    checkTypes(t, folder)
  })

  await t.test('with sources behind every declaration and every file', async t => {
    const home = join(folder, 'node_modules/phrase-relay')
    const maps = globSync('dist/**/*.map', { cwd: home })
    const sources = maps.flatMap((file) => {
      const map: { sources: string[] } = JSON.parse(readFileSync(join(home, file), 'utf8'))
      return map.sources.map((source) => join(dirname(file), source))
    })
    t.ok(maps.length > 100)
    t.strictSame(sources.filter((source) => !existsSync(join(home, source))), [])
  })

  await t.test('with every document that the README leads to, and every file that a document links to', async t => {
    const home = join(folder, 'node_modules/phrase-relay')
    const linked = DOCUMENTS.flatMap((file) => linksOf(file).map(({ path }) => path))
    t.strictSame([...DOCUMENTS, ...linked].filter((file) => !existsSync(join(home, file))), [])
  })

  await t.test('on a Node that is too old, with one sentence', { skip: noNode20 }, async t => {
    const script = "import('phrase-relay').catch(({ message }) => { console.log(message) })"
    const { stdout } = await run(node20, ['--input-type=module', '--eval', script], { cwd: folder })
    t.match(stdout, /^Cannot load Phrase Relay: this is Node 20\.[\d.]+, expected 22\.18 or newer\n$/)
  })

  const command = runtimeCommand(realpathSync(join(folder, 'node_modules/.bin/phrase-relay')))

  await t.test('as a command, with its own commands, on SQLite', async t => {
    const env = { STORE_URL: `sqlite:${join(folder, 'command.db')}`, LOG_FORMAT: 'pretty' }
    const { url, output } = await startProcess(t, env, command)
    t.match(output(), /INFO.*listening on/)
    await sees(t, url)
    t.equal((await fetch(`${url}/web/admin/plot.js`)).status, 200, 'with the page of the operator')
    t.match(await (await fetch(`${url}/openapi.json`)).json(), { openapi: /^3/ })

    const outputs: Array<[RegExp, ...string[]]> = [
      [/^Phrase Relay turns/, '--help'],
      [/^ready +yes/m, 'status', '--url', url],
      [/^a .*phrase-ready/m, 'tasks', '--store'],
      [/copy\.db\n$/, 'backup', join(folder, 'copy.db')],
      [/^Usage: /m, 'sandbox', '--help']
    ]
    for (const [expected, ...args] of outputs) {
      t.match(await runCommand(t, [...command, ...args], env), { code: 0, output: expected }, args.join(' '))
    }
    t.ok(existsSync(join(folder, 'copy.db')))
  })

  await t.test('as a command, on Redis', { skip: skipRedis }, async t => {
    const { url: STORE_URL } = await startRedis(t)
    const { url } = await startProcess(t, { STORE_URL }, command)
    await sees(t, url)
  })

  await t.test('as a demo, which submits to its sandbox', async t => {
    const demo = [...command, 'demo', '--phrase-after', '5ms']
    const { url } = await startProcess(t, { PORT: String(await freePort()) }, demo)
    const { json } = await submitTo(`${url}/tasks`, VALIDATE)
    const stream = await watch(t, json.events)
    await stream.next()
    t.match(await stream.next(), { event: 'phrase-ready', data: { source: 'callback' } })
  })

  await t.test('with a stack that names the functions of a defect', { skip: ON_DENO }, async t => {
    const script = "process.on = (name) => { if (name === 'SIGTERM') throw new Error('a mistake') }"
    const [program, ...args] = command as [string, ...string[]]
    const preload = `--import=data:text/javascript,${encodeURIComponent(script)}`
    const { output } = await runCommand(t, [program, preload, ...args], { STORE_URL: 'memory:', PORT: '0' })
    t.match(output, /Error: a mistake\n.*\n +at start .*\/bundle\/main\.js:\d+:\d+\)\n(?:.*\n)? +at async main /)
  })

  await t.test('with the licenses of the packages that its command contains', async t => {
    const text = readFileSync(join(folder, 'node_modules/phrase-relay/dist/src/bundle/LICENSES.txt'), 'utf8')
    const parts = text.split(/^-{80}\n/m)
    for (const name of ['fastify', '@sinclair/typebox', 'pino', 'prom-client', 'better-sse', 'ioredis', 'jose']) {
      const [part = ''] = parts.filter((one) => one.startsWith(`${name} `))
      t.match(part, /^\S+ [\d.]+, (?:MIT|Apache-2\.0)\n[^]*(?:permission notice|Apache License)/, name)
    }
  })
})

/** Checks the types as an editor of a strict consumer does. */
function checkTypes (t: Test, folder: string): void {
  const settings = Object.entries(ConfigSchema.properties).map(([name, schema]) => [`config.${name}`, schema] as const)
  const fields = Object.keys(EventDataSchema.properties).map((name) => `relayEvent.data.${name}`)
  const places = ['relayEvent.id', 'relayEvent.event', ...fields, ...settings.map(([place]) => place)]
  const imports = MODULES.map((name, n) => `import * as m${n} from '${name}'\n`).join('')
  const consumer = readFileSync(join(root, 'test/types/consumer.ts'), 'utf8')
  const { errors, hover, exportsOf, hiddenNames } = checkConsumer(folder, `${consumer}
${imports}export const modules = [m0, m1, m2, m3]
declare const config: Partial<Config>
declare const relayEvent: RelayEvent
${places.join('\n')}
`)

  t.strictSame(errors, [])
  t.strictSame(places.filter((place) => hover(place).length < 10), [], 'each has its documentation')
  for (const [place, { description, default: value }] of settings) {
    const text = `${String(description)}.`.replace(/^./, (first) => first.toUpperCase())
    t.equal(hover(place).replaceAll(/\s+/g, ' '), `${text} @default ${JSON.stringify(value).replaceAll('"', "'")}`)
  }
  t.strictSame(hiddenNames('phrase-relay'), [], 'each name in a signature is exported')
  for (const name of ['phrase-relay/backend', 'phrase-relay/client']) {
    t.strictSame(hiddenNames(name), [], `each name in a signature of ${name} is exported`)
  }
  t.strictSame(hiddenNames('phrase-relay/conformance', 'phrase-relay'), [], 'so are those of the suites')
  const unused = MODULES.flatMap(exportsOf).filter((name) => !new RegExp(`\\b${name}\\b`).test(consumer))
  t.strictSame(unused, [], 'test/types/consumer.ts uses each export')
}

async function sees (t: Test, url: string): Promise<void> {
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  await post(url, phraseReady('a', 'Read me'))
  t.equal((await stream.next()).data.validateInfo, 'Read me')
  t.equal((await fetch(`${url}/web/page.js`)).status, 200, 'with the live page')
}

t.test('package: npm on Node 20 warns about no package but this one', async t => {
  const packages = Object.entries<{ engines?: { node?: string } }>(lock.packages)
  const needsNewer = ([, { engines }]: typeof packages[number]) =>
    engines?.node?.split('||').every((range) => Number(/\d+/.exec(range)?.[0] ?? 0) > 20)
  t.strictSame(packages.filter(needsNewer).map(([name]) => name), [''])
})

t.test('package: the lock file names the optional binaries of every platform, and no registry', async t => {
  const packages = Object.entries<{ optionalDependencies?: Record<string, string> }>(lock.packages)
  const names = packages.flatMap(([, { optionalDependencies = {} }]) => Object.keys(optionalDependencies))
  t.strictSame(names.filter((name) => !(`node_modules/${name}` in lock.packages)), [])
  t.notMatch(JSON.stringify(lock), '"resolved"')
})
