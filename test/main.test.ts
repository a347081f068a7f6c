import { once } from 'node:events'
import { readdirSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import packageJson from '../package.json' with { type: 'json' }
import { describeConfig } from '../src/config.ts'
import { runCommand, runtimeCommand, startProcess } from './support/process.ts'
import { temporaryFolder } from './support/relay.ts'
import { databasePath } from './support/sqlite.ts'

const RELAY = runtimeCommand('src/bin.js')
const ON_DENO = 'Deno' in globalThis && 'Deno has no --import and no version of Node to be too old'

/** Runs the process after a script. */
function runAfter (t: Test, script: string, ...args: string[]) {
  return runCommand(t, [
    process.execPath, `--import=data:text/javascript,${encodeURIComponent(script)}`, 'src/bin.js', ...args
  ])
}

const asNode = (version: string): string =>
  `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`

t.test('main --help prints every variable and ends', async t => {
  const { code, output } = await runCommand(t, [...RELAY, '--help'])
  t.equal(code, 0)
  t.match(output, 'Phrase Relay turns Suno Voice callbacks into Server-Sent Events.')
  t.ok(output.includes(describeConfig()))
})

t.test('main --version prints the version', async t => {
  t.strictSame(await runCommand(t, [...RELAY, '--version']), { code: 0, output: `${packageJson.version}\n` })
})

t.test('main names every wrong setting in one line', async t => {
  const { code, output } = await runCommand(t, RELAY, { PORT: 'http', LOG_LEVEL: 'loud' })
  t.equal(code, 1)
  t.match(output, /^Cannot start: PORT is "http", expected [^;]+; LOG_LEVEL is "loud", expected [^\n]+\n$/)
})

t.test('main refuses an unknown command in one line', async t => {
  const commands = 'status, tasks, task, ticket, quarantine, backup, erase, sandbox, demo'
  const fact = `there is no such command, expected one of ${commands}, or no argument`
  const output = `Cannot run "quarantin": ${fact}\n`
  t.strictSame(await runCommand(t, [...RELAY, 'quarantin', 'list']), { code: 1, output })
})

t.test('main reports a port in use in one line', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { code, output } = await runCommand(t, RELAY, {
    PORT: String(port),
    STORE_URL: `sqlite:${databasePath(t)}`,
    LOG_LEVEL: 'silent'
  })
  t.equal(code, 1)
  t.match(output, new RegExp(`^Cannot listen: PORT is ${port}, which is in use on [^\\n]*\\n$`))
})

t.test('main prints the stack of a defect', { skip: ON_DENO }, async t => {
  const script = "process.on = (name) => { if (name === 'SIGTERM') throw new Error('a mistake') }"
  const preload = `--import=data:text/javascript,${encodeURIComponent(script)}`
  const command = [process.execPath, preload, 'src/bin.js']
  const { code, output } = await runCommand(t, command, { STORE_URL: 'memory:', PORT: '0' })
  t.equal(code, 1)
  t.match(output, /Error: a mistake\n +at /)
})

t.test('main prints its address and the next commands', async t => {
  const { url, output } = await startProcess(t)
  t.match(output(), `listening on ${url} - open it in a browser, or watch a task: curl -N ${url}/events/demo`)
})

for (const version of ['20.20.2', '22.17.1']) {
  t.test(`bin refuses Node ${version} in one line`, { skip: ON_DENO }, async t => {
    t.strictSame(await runAfter(t, asNode(version), '--help'), {
      code: 1,
      output: `Cannot start Phrase Relay: this is Node ${version}, expected 22.18 or newer\n`
    })
  })
}

for (const version of ['22.18.0', '23.0.0', '100.1.0']) {
  t.test(`bin accepts Node ${version}`, { skip: ON_DENO }, async t => {
    t.equal((await runAfter(t, asNode(version), '--help')).code, 0)
  })
}

t.test('bin keeps compiled code for the next start, in its own folder or a given one', { skip: ON_DENO }, async t => {
  const given = temporaryFolder(t)
  const own = 'node_modules/.cache/compiled'
  rmSync(own, { recursive: true, force: true })
  for (const [folder, env] of [[own, {}], [given, { NODE_COMPILE_CACHE: given }]] as const) {
    const { code } = await runCommand(t, [...RELAY, '--version'], { NODE_V8_COVERAGE: '', ...env })
    t.equal(code, 0)
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
    t.ok(files.length > 10, `${files.length} files`)
  }
})

t.test('bin starts when it cannot keep compiled code', { skip: ON_DENO }, async t => {
  const env = { NODE_V8_COVERAGE: '', NODE_COMPILE_CACHE: join('package.json', 'none') }
  t.strictSame(await runCommand(t, [...RELAY, '--version'], env), { code: 0, output: `${packageJson.version}\n` })
})

t.test('main warns of a variable that is probably a misspelt setting', {
  skip: 'Deno' in globalThis && 'Deno hides it'
}, async t => {
  const { output, kill } = await startProcess(t, { CALLBACK_TOKEN: 'a-token-of-the-sender', TICKET_KEY: 'x' })
  t.match(
    output(),
    /"found":"CALLBACK_TOKEN","setting":"CALLBACK_TOKENS","msg":"unknown variable, probably a misspelt setting"/
  )
  t.match(output(), /"found":"TICKET_KEY"/)
  t.notMatch(output(), /a-token-of-the-sender/)
  // A process that is killed reports no coverage.
  await kill()
})
