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
const run = promisify(execFile)

/** Bundles the client as an app does. Fails on an import that only Node or Deno has. */
function bundle (minify: boolean): Promise<BuildResult<{ metafile: true, write: false }>> {
  const entryPoints = ['src/client/index.ts']
  const target = { format: 'esm', platform: 'neutral', target: 'es2022' } as const
  return build({ entryPoints, bundle: true, minify, metafile: true, write: false, ...target })
}

const otherGzip = 'Deno' in globalThis && 'gzip of Deno compresses slightly less'

t.test('client: is at most 4.3 kB, minified and gzipped, with its parser', { skip: otherGzip }, async t => {
  const { outputFiles: [file] } = await bundle(true)
  const { length } = gzipSync(file?.contents ?? '', { level: 9 })

  t.comment(`${length} bytes`)
  t.ok(length <= MAX_BYTES)
})

t.test('client: bundles nothing of the server, and no package except its parser', async t => {
  const { metafile } = await bundle(true)

  const allowed = /^(src\/client|node_modules\/eventsource-parser)\//

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
