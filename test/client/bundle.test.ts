import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build, type BuildResult } from 'esbuild'
import t from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { node20, noNode20 } from '../support/node20.ts'
import { startRelay, temporaryFolder } from '../support/relay.ts'

const MAX_BYTES = 4300
const MAX_HOOK_BYTES = 1000
const CLIENT = './src/client/index.ts'
const HOOK = './src/client/react/index.ts'
const run = promisify(execFile)

/** Bundles modules as an app does. Fails on an import that only Node or Deno has. */
function bundle (minify: boolean, ...modules: string[]): Promise<BuildResult<{ metafile: true, write: false }>> {
  const stdin = { contents: modules.map((module) => `export * from '${module}'\n`).join(''), resolveDir: '.' }
  const target = { format: 'esm', platform: 'neutral', target: 'es2022' } as const
  return build({ stdin, external: ['react'], bundle: true, minify, metafile: true, write: false, ...target })
}

/** Returns the size of modules, minified and gzipped, in bytes. */
async function sizeOf (...modules: string[]): Promise<number> {
  const { outputFiles: [file] } = await bundle(true, ...modules)
  return gzipSync(file?.contents ?? '', { level: 9 }).length
}

const otherGzip = 'Deno' in globalThis && 'gzip of Deno compresses slightly less'

t.test('client: is at most 4.3 kB, minified and gzipped, with its parser', { skip: otherGzip }, async t => {
  const bytes = await sizeOf(CLIENT)

  t.comment(`${bytes} bytes`)
  t.ok(bytes <= MAX_BYTES)
})

t.test('client: the hook adds at most 1 kB', { skip: otherGzip }, async t => {
  const bytes = await sizeOf(CLIENT, HOOK) - await sizeOf(CLIENT)

  t.comment(`${bytes} bytes`)
  t.ok(bytes <= MAX_HOOK_BYTES)
})

t.test('client: bundles nothing of the server, and no package except its parser', async t => {
  const { metafile } = await bundle(true, CLIENT, HOOK)

  const allowed = /^(<stdin>$|src\/client\/|node_modules\/eventsource-parser\/)/

  t.strictSame(Object.keys(metafile.inputs).filter((path) => !allowed.test(path)), [])
})

t.test('client: runs on Node 20, and leaves nothing that keeps the process alive', { skip: noNode20 }, async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a', 'Read me'))
  const { outputFiles: [file] } = await bundle(false, CLIENT)
  const script = join(temporaryFolder(t), 'client.mjs')
  writeFileSync(script, `${file?.text}
    for await (const { data } of watchTask(${JSON.stringify(url)}, 'a')) {
      console.log(data.validateInfo)
      break
    }
    console.log((await waitForPhrase(${JSON.stringify(url)}, 'a')).data.validateInfo)`)

  const { stdout } = await run(node20, [script])

  t.equal(stdout, 'Read me\nRead me\n')
})
