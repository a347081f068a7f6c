import { execFile } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build, type BuildResult } from 'esbuild'
import t from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { startRelay, temporaryFolder } from '../support/relay.ts'

const MOST_BYTES = 4000
const run = promisify(execFile)

/** The client as an app's bundler makes it; it fails on an import that only Node or Deno has. */
function bundle (minify: boolean): Promise<BuildResult<{ metafile: true, write: false }>> {
  return build({ entryPoints: ['src/client/index.ts'], bundle: true, minify, metafile: true, write: false, format: 'esm', platform: 'neutral', target: 'es2022' })
}

const otherGzip = 'Deno' in globalThis && 'Deno packs a little less tightly'

t.test('client: is at most 4 kB, minified and gzipped, with its parser', { skip: otherGzip }, async t => {
  const { outputFiles: [file] } = await bundle(true)
  const { length } = gzipSync(file?.contents ?? '', { level: 9 })

  t.comment(`${length} bytes`)
  t.ok(length <= MOST_BYTES)
})

t.test('client: takes nothing of the server along, and no package but its parser', async t => {
  const { metafile } = await bundle(true)

  const strangers = Object.keys(metafile.inputs).filter((path) => !/^(src\/client|node_modules\/eventsource-parser)\//.test(path))

  t.strictSame(strangers, [])
})

const node20 = await findNode20()

t.test('client: runs on Node 20, and leaves nothing behind that keeps it alive', { skip: skipReason() }, async t => {
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

  const { stdout } = await run(node20 as string, [script])

  t.equal(stdout, 'Read me\nRead me\n')
})

async function findNode20 (): Promise<string | undefined> {
  const programs = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node')).filter((path) => existsSync(path))
  for (const program of new Set(programs)) {
    const { stdout } = await run(program, ['--version'])
    if (stdout.startsWith('v20.')) return program
  }
}

function skipReason (): string | false {
  return node20 === undefined && process.env.CI !== 'true' && 'there is no Node 20 on the PATH'
}
