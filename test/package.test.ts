import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { phraseReady, post } from './support/callbacks.ts'
import { startProcess, runtimeCommand } from './support/process.ts'
import { temporaryFolder } from './support/relay.ts'
import { watch } from './support/sse.ts'

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

  await t.test('as a command', async t => {
    const { url } = await startProcess(t, {}, runtimeCommand(join(folder, 'node_modules/phrase-relay/dist/src/bin.js')))
    await sees(t, url)
  })
})

async function sees (t: Test, url: string): Promise<void> {
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  await post(url, phraseReady('a', 'Read me'))
  t.equal((await stream.next()).data.validateInfo, 'Read me')
  t.equal((await fetch(`${url}/web/page.js`)).status, 200, 'with the live page')
}

t.test('package: the lock file names the optional binaries of every platform, and no registry', async t => {
  const packages = Object.entries<{ optionalDependencies?: Record<string, string> }>(lock.packages)
  const missing = packages.flatMap(([, { optionalDependencies = {} }]) => Object.keys(optionalDependencies)).filter((name) => !(`node_modules/${name}` in lock.packages))
  t.strictSame(missing, [])
  t.notMatch(JSON.stringify(lock), '"resolved"')
})
