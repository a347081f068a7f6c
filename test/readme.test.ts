import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { ConfigSchema } from '../schemas/config.ts'
import { STATUS } from '../src/errors.ts'
import { phraseReady, post } from './support/callbacks.ts'
import { runCommand, runtimeCommand, startProcess } from './support/process.ts'
import { temporaryFolder } from './support/relay.ts'
import { watch } from './support/sse.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language, code]) => ({ language, code: code as string }))
const block = (start: string) => blocks.find(({ code }) => code.startsWith(start))?.code as string
const at = (code: string, url: string) => code.replaceAll('http://127.0.0.1:3000', url)

function between (mark: string): string[] {
  const [, text = ''] = new RegExp(`<!-- ${mark} -->\n(.*?)<!-- /${mark} -->`, 's').exec(readme) ?? []
  return text.trim().split('\n').slice(2)
}

t.test('README: the table of variables is the schema', async t => {
  const rows = Object.entries(ConfigSchema.properties).map(([name, { default: value, description }]) => `| \`${name}\` | ${String(value)} | ${String(description)} |`)
  t.strictSame(between('config'), rows)
})

t.test('README: the table of errors names every code with its status', async t => {
  const rows = between('errors').map((row) => row.split('|').slice(1, 3).map((cell) => cell.trim()).join(' '))
  t.strictSame(rows, Object.entries(STATUS).map(([code, status]) => `\`${code}\` ${status}`))
})

t.test('README: npm start and the two curl commands show a phrase at once', async t => {
  t.ok(block('npm ci && npm start'))
  const relay = await startProcess(t, {}, ['npm', 'start', '--silent'])
  const watching = runCommand(t, ['sh', '-c', `${at(block('curl -N'), relay.url).trim()} --silent --max-time 5`])

  const { output } = await runCommand(t, ['sh', '-c', at(block('curl http'), relay.url)])

  t.match(output, '"received":true')
  t.match((await watching).output, /event: ?phrase-ready\nid: ?\w+\.1\ndata: ?\{.*Silver rivers/)
})

t.test('README: SIGTERM to npm start ends the server too', { skip: process.platform === 'win32' && 'signals are POSIX' }, async t => {
  const relay = await startProcess(t, {}, ['npm', 'start', '--silent'])
  await relay.kill()
  await t.rejects(fetch(`${relay.url}/healthz`))
})

t.test('README: the browser example prints the phrase', async t => {
  const relay = await startProcess(t)
  const file = join(temporaryFolder(t), 'example.mjs')
  writeFileSync(file, at(block('const events'), relay.url))
  await post(relay.url, phraseReady('demo', 'Read me'))

  const command = 'Deno' in globalThis ? runtimeCommand(file) : runtimeCommand('--experimental-eventsource', '--no-warnings', file)

  t.strictSame(await runCommand(t, command), { code: 0, output: 'Please read out: Read me\n' })
})

t.test('README: deno task start keeps events on disk with no more permissions than it lists', async t => {
  t.ok(block('deno task start'))
  const store = `data/readme-${process.pid}.db`
  t.teardown(() => { for (const end of ['', '-wal', '-shm']) rmSync(join(root, store + end), { force: true }) })
  const relay = await startProcess(t, { STORE_URL: `sqlite:${store}` }, ['node_modules/deno/deno', 'task', 'start'])

  await post(relay.url, phraseReady('a', 'Read me'))
  const stream = await watch(t, `${relay.url}/events/a`)
  await stream.next()

  t.equal((await stream.next()).data.validateInfo, 'Read me')
  t.ok(existsSync(join(root, store)))
  process.kill(relay.child.pid as number)
  await once(relay.child, 'close')
})

t.test('README: deno task start lists the variables of the schema and no others', async t => {
  const { tasks: { start } } = JSON.parse(readFileSync(join(root, 'deno.json'), 'utf8'))
  t.strictSame(/--allow-env=(\S+)/.exec(start)?.[1]?.split(','), Object.keys(ConfigSchema.properties))
})
