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
const MAX_BYTES_OF_TASKS = 400
const CLIENT = "{ PhraseFailed, waitForPhrase, WaitTimeout, WatchRefused, watchTask } from './src/client/index.ts'"
const TASKS = "{ watchTasks } from './src/client/index.ts'"
const HOOK = "* from './src/client/react/index.ts'"
const run = promisify(execFile)

/** Bundles exports as an app does. Fails on an import that only Node or Deno has. */
function bundle (minify: boolean, ...exports: string[]): Promise<BuildResult<{ metafile: true, write: false }>> {
  const stdin = { contents: exports.map((text) => `export ${text}\n`).join(''), resolveDir: '.' }
  const target = { format: 'esm', platform: 'neutral', target: 'es2022' } as const
  return build({ stdin, external: ['react'], bundle: true, minify, metafile: true, write: false, ...target })
}

/** Returns the size of exports, minified and gzipped, in bytes. */
async function sizeOf (...exports: string[]): Promise<number> {
  const { outputFiles: [file] } = await bundle(true, ...exports)
  return gzipSync(file?.contents ?? '', { level: 9 }).length
}

const otherGzip = 'Deno' in globalThis && 'gzip of Deno compresses slightly less'

t.test('client: is at most 4.3 kB, minified and gzipped, with its parser', { skip: otherGzip }, async t => {
  const [bytes, withTasks] = [await sizeOf(CLIENT), await sizeOf(CLIENT, TASKS)]

  t.comment(`${bytes} bytes, ${withTasks} with watchTasks`)
  t.ok(bytes <= MAX_BYTES)
  t.ok(withTasks <= bytes + MAX_BYTES_OF_TASKS)
})

t.test('client: the hook adds at most 1 kB', { skip: otherGzip }, async t => {
  const bytes = await sizeOf(CLIENT, HOOK) - await sizeOf(CLIENT)

  t.comment(`${bytes} bytes`)
  t.ok(bytes <= MAX_HOOK_BYTES)
})

t.test('client: bundles nothing of the server, and no package except its parser', async t => {
  const { metafile } = await bundle(true, CLIENT, TASKS, HOOK)

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
