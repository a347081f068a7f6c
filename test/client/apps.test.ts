import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page, Request } from 'playwright-core'
import t, { type Test } from 'tap'
import { copyApps, install, packClient } from '../support/apps.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { collectMessages, startChromium } from '../support/chromium.ts'
import { ROOT } from '../support/docs.ts'
import { streamsBecome, testReactApp } from '../support/react-app.ts'
import { startRelay, temporaryFolder } from '../support/relay.ts'

const VITE = 'node_modules/vite/bin/vite.js'
const NEXT = 'node_modules/next/dist/bin/next'
const JEST = 'node_modules/jest/bin/jest.js'
const TYPESCRIPT_5 = 'node_modules/typescript-5/bin/tsc'
const TYPESCRIPT_6 = join(ROOT, 'node_modules/typescript/bin/tsc')
const TYPESCRIPT_7 = 'node_modules/typescript/bin/tsc'

const LIBRARIES = '--target es2022 --lib es2022,dom --types react'
const STRICT = `--noEmit --strict --skipLibCheck false --skipDefaultLibCheck ${LIBRARIES}`
const BUNDLER = '--module es2022 --moduleResolution bundler'
const NODE_10 = '--module commonjs --moduleResolution node10'

/** Compilers, and the options with which each checks a module and a script of CommonJS. */
const COMPILERS: ReadonlyArray<[compiler: string, ...options: string[]]> = [
  [TYPESCRIPT_5, '--module nodenext', BUNDLER, NODE_10],
  [TYPESCRIPT_6, '--module preserve', `${NODE_10} --ignoreDeprecations 6.0`],
  [TYPESCRIPT_7, '--module nodenext', '--module preserve', BUNDLER, '--module node20']
]
const [MODULE, SCRIPT] = ['types/consumer.mts', 'types/consumer.cts']

/** Bundlers, and their arguments. */
const BUNDLERS = ['webpack.js', 'metro.js', 'metro.js exports']

// "Node v24.9+ where Jest supports require(esm) natively", as its message says.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const jestRequiresModules = major > 24 || (major === 24 && minor >= 9)

const onDeno = 'Deno' in globalThis && 'the tools run on Node'
const skip = onDeno || (process.env['CI'] !== 'true' && 'installs hundreds of packages; runs if CI=true')

/** Counts the streams that a page has open. */
function countStreams (page: Page): { readonly open: number, readonly opened: number } {
  const open = new Set<Request>()
  let opened = 0
  page.on('request', (request) => {
    if (!request.url().includes('/events/')) return
    open.add(request)
    opened++
  })
  for (const end of ['requestfailed', 'requestfinished'] as const) {
    page.on(end as 'requestfailed', (request) => { open.delete(request) })
  }
  return { get open () { return open.size }, get opened () { return opened } }
}

t.test('@phrase-relay/client: the tarball, installed without the server', { skip }, async t => {
  const tarball = await packClient(t)
  const relay = await startRelay(t, { CORS_ORIGINS: ['*'] })
  const { folder, node, serve } = await install(tarball, copyApps(t, join(ROOT, 'test/client/apps'), relay.url))
  const { open } = await startChromium(t)

  /** Expects that a page shows a phrase as soon as it arrives. */
  async function showsPhrase (t: Test, url: string, taskId: string): Promise<void> {
    const page = await open(t, 'about:blank')
    const messages = collectMessages(page)
    await page.goto(url)
    await page.waitForSelector('output:text-is("unknown")')
    await post(relay.url, phraseReady(taskId, 'Read me'))
    await page.waitForSelector('output:text-is("Read me")')
    t.strictSame(messages, [])
  }

  await t.test('brings two packages', async t => {
    const empty = temporaryFolder(t)
    writeFileSync(join(empty, 'package.json'), '{}')
    await install(tarball, empty)
    const { packages } = JSON.parse(readFileSync(join(empty, 'node_modules/.package-lock.json'), 'utf8'))
    t.strictSame(Object.keys(packages), ['node_modules/@phrase-relay/client', 'node_modules/eventsource-parser'])
  })

  await t.test('has types for TypeScript 5, 6 and 7', async t => {
    for (const file of [MODULE, SCRIPT]) copyFileSync(join(folder, 'types/consumer.ts'), join(folder, file))
    const compile = (compiler: string, options: string, ...files: string[]) =>
      node([compiler, ...STRICT.split(' '), ...options.split(' '), ...files])
    await Promise.all(COMPILERS.map(async ([compiler, ...all]) => {
      for (const options of all) {
        t.strictSame(await compile(compiler, options, MODULE, SCRIPT), { code: 0, output: '' }, options)
      }
      t.strictSame(await compile(compiler, '--module node16', MODULE), { code: 0, output: '' })
      t.match(await compile(compiler, '--module node16', SCRIPT), { output: 'TS1479' })
    }))
  })

  await t.test('works in an app of Vite and React 19, built', async t => {
    t.match(await node([VITE, 'build', 'vite']), { code: 0 })
    await showsPhrase(t, await serve(t, VITE, 'preview', 'vite', '--port'), 'vite')
  })

  await t.test('works in the dev server of Vite: a hot reload keeps the phrase and one stream', async t => {
    const url = await serve(t, VITE, 'vite', '--port')
    const page = await open(t, 'about:blank')
    const [messages, streams] = [collectMessages(page), countStreams(page)]
    const connected = page.waitForEvent('console', (message) => message.text() === '[vite] connected.')
    await page.goto(url)
    await connected
    await page.waitForSelector('output:text-is("Read me")')
    await page.evaluate('shown = []; stays = true')

    const edit = (from: string, to: string): void => {
      const file = join(folder, 'vite/phrase.jsx')
      writeFileSync(file, readFileSync(file, 'utf8').replace(from, to))
    }
    edit('<output>', '<output title="edited">')
    await page.waitForSelector('output[title="edited"]:text-is("Read me")')
    edit('edited', 'edited while a phrase arrives')
    await post(relay.url, phraseReady('vite', 'Read me too'))
    await page.waitForSelector('output[title="edited while a phrase arrives"]:text-is("Read me too")')
    await streamsBecome(relay.url, 1)

    t.match(streams, { opened: 1, open: 1 })
    t.equal(await page.evaluate('stays'), true, 'the page was not loaded again')
    t.strictSame(await page.evaluate('[...new Set(shown)]'), ['Read me', 'Read me too'])
    t.strictSame(await page.evaluate('completed'), ['Read me', 'Read me too'])
    t.strictSame(messages, [])
  })

  await t.test('works in React 19, in StrictMode and from a server', async t => {
    await testReactApp(t, join(folder, 'node_modules'), 19)
  })

  await t.test('works in an app of Next.js, built', async t => {
    t.match(await node([NEXT, 'build', 'next']), { code: 0 })
    const url = await serve(t, NEXT, 'start', 'next', '--hostname', '127.0.0.1', '--port')
    t.match(await (await fetch(url)).text(), '<output>waiting</output>', 'a server renders the first state')
    await showsPhrase(t, url, 'next')
  })

  for (const command of BUNDLERS) {
    await t.test(`works in a bundle of ${command}`, async t => {
      await post(relay.url, phraseReady('bundle', 'Read me'))
      t.match(await node(`bundles/${command}`.split(' ')), { code: 0 })
      t.strictSame(await node(['bundles/out.js']), { code: 0, output: 'Read me function\n' })
    })
  }

  await t.test('works in Jest, with an option of Node or with Babel', async t => {
    await post(relay.url, phraseReady('jest', 'Read me'))
    const jest = (args: string, options?: string) => node([JEST, '--rootDir', 'jest', ...args.split(' ')], options)
    const passed = { code: 0, output: 'Tests:       1 passed' }
    const esm = '--experimental-vm-modules'
    t.match(await jest('import', esm), passed)
    t.match(await jest('require --config jest/with-babel.json'), passed)
    t.match(await jest('require'), { code: 1, output: 'Must use import to load ES Module' })
    if (jestRequiresModules) t.match(await jest('require', esm), passed)
  })

  await t.test('works in a script of CommonJS', async t => {
    await post(relay.url, phraseReady('node', 'Read me'))
    const script = `const { waitForPhrase } = require('@phrase-relay/client')
      const { usePhrase } = require('@phrase-relay/client/react')
      waitForPhrase('${relay.url}', 'node').then(({ data }) => console.log(data.validateInfo, typeof usePhrase))`
    t.strictSame(await node(['--input-type=commonjs', '--eval', script]), { code: 0, output: 'Read me function\n' })
  })
})
