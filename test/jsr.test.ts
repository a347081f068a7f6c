import { execFile } from 'node:child_process'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import denoJson from '../deno.json' with { type: 'json' }
import packageJson from '../package.json' with { type: 'json' }
import { codeBlocks, ROOT } from './support/docs.ts'
import { temporaryFolder } from './support/relay.ts'
import { startServer } from './support/server.ts'

const run = promisify(execFile)
const deno = join(ROOT, 'node_modules/deno/deno')
const env = { ...process.env, NO_COLOR: '1' }

/** Runs the main job; the store is its argument. */
const PROGRAM = `
import { createRelay } from '@phrase-relay/phrase-relay'
import { waitForPhrase } from '@phrase-relay/phrase-relay/client'

const relay = await createRelay({ PORT: 0, STORE_URL: Deno.args[0], LOG_LEVEL: 'warn', DRAIN_MS: 0 })
const url = await relay.listen()
const waiting = waitForPhrase(url, 'a')
const data = { taskId: 'a', validateInfo: 'Read me', status: 'wait_validating' }
await fetch(url + '/callback/validate', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ code: 200, msg: 'success', data })
})
const page = await fetch(url)
console.log((await waiting).data.validateInfo + ' ' + page.status)
await relay.close()
`

t.test('JSR: the package can be published, without slow types', async t => {
  const { stderr } = await run(deno, ['publish', '--dry-run', '--allow-dirty'], { cwd: ROOT, env })

  t.match(stderr, 'Checking for slow types')
  t.match(stderr, 'Success')
  t.notMatch(stderr, /^warning/im)
  t.equal(denoJson.version, packageJson.version)
})

/** Serves the sources as JSR does: modules have URLs, and no file. Returns a folder with a program that uses them. */
async function createProgram (t: Parameters<typeof startServer>[0]): Promise<{ folder: string, host: string }> {
  const folder = temporaryFolder(t)
  const { url } = await startServer(t, (request, response) => {
    const type = /ts$/.test(request.url as string) ? 'text/typescript' : 'text/javascript'
    response.setHeader('content-type', type).end(readFileSync(join(ROOT, request.url as string)))
  })
  const { name, exports } = denoJson
  const modules = Object.entries(exports).map(([path, file]) => [join(name, path), new URL(file, url).href])
  const packages = Object.keys(packageJson.dependencies).map((name) => [name, `npm:${name}`])
  const config = { nodeModulesDir: 'manual', imports: Object.fromEntries([...modules, ...packages]) }
  writeFileSync(join(folder, 'deno.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'main.ts'), PROGRAM)
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return { folder, host: new URL(url).host }
}

for (const store of ['memory:', 'sqlite:data/relay.db']) {
  t.test(`JSR: a program does the main job with the documented permissions and ${store}`, async t => {
    const { folder, host } = await createProgram(t)
    const { code = '' } = codeBlocks('docs/deploy.md').find(({ code }) => code.startsWith('deno add jsr:')) ?? {}
    const flags = /deno run (.*) main\.ts/.exec(code)?.[1]?.split(' ') ?? []

    const args = ['run', '--no-lock', `--allow-import=${host}`, ...flags, 'main.ts', store]
    const { stdout } = await run(deno, args, { cwd: folder, env: { ...env, DENO_DIR: temporaryFolder(t) } })

    t.equal(stdout, 'Read me 200\n')
  })
}
