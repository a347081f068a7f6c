import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import t from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { node20, noNode20 } from '../support/node20.ts'
import { startRelay, temporaryFolder } from '../support/relay.ts'

const MAX_BYTES = 4300
const MAX_BYTES_OF_TASKS = 400
const NAMES = 'PhraseFailed, waitForPhrase, WaitTimeout, WatchRefused, watchTask'
const run = promisify(execFile)

/** Bundles names of the client as an app does. Fails on an import that only Node or Deno has. */
function bundle (minify: boolean, names = `${NAMES}, watchTasks`) {
  const stdin = { contents: `export { ${names} } from './src/client/index.ts'`, resolveDir: process.cwd() }
  const target = { format: 'esm', platform: 'neutral', target: 'es2022' } as const
  return build({ stdin, bundle: true, minify, metafile: true, write: false, ...target })
}

/** Resolves with the size of names of the client in an app, in bytes. */
async function sizeOf (names: string): Promise<number> {
  const { outputFiles: [file] } = await bundle(true, names)
  return gzipSync(file?.contents ?? '', { level: 9 }).length
}

const otherGzip = 'Deno' in globalThis && 'gzip of Deno compresses slightly less'

t.test('client: is at most 4.3 kB, minified and gzipped, with its parser', { skip: otherGzip }, async t => {
  const [bytes, withTasks] = [await sizeOf(NAMES), await sizeOf(`${NAMES}, watchTasks`)]

  t.comment(`${bytes} bytes, ${withTasks} with watchTasks`)
  t.ok(bytes <= MAX_BYTES)
  t.ok(withTasks <= bytes + MAX_BYTES_OF_TASKS)
})

t.test('client: bundles nothing of the server, and no package except its parser', async t => {
  const { metafile } = await bundle(true)

  const allowed = /^(<stdin>$|src\/client\/|node_modules\/eventsource-parser\/)/

  t.strictSame(Object.keys(metafile.inputs).filter((path) => !allowed.test(path)), [])
})

t.test('client: runs on Node 20, and leaves nothing that keeps the process alive', { skip: noNode20 }, async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a', 'Read me'))
  const { outputFiles: [file] } = await bundle(false)
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
