import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type BuildOptions } from 'esbuild'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { phraseReady, post } from './callbacks.ts'
import { collectMessages, startChromium } from './chromium.ts'
import { startRelay, temporaryFolder } from './relay.ts'
import { startServer } from './server.ts'

/**
 * App that shows the result of `usePhrase`. `show(taskId)` changes the task; an empty one unmounts the component.
 */
const APP = `
import { createElement, StrictMode, useState } from 'react'
import { usePhrase } from './src/client/react/index.ts'

function Show ({ taskId, relay }) {
  const phrase = usePhrase(taskId, { relay, onComplete ({ state }) { globalThis.completed.push(state) } })
  globalThis.shown?.push(phrase.phrase)
  return createElement('output', null, phrase.phrase ?? phrase.state)
}

function App ({ relay, taskId }) {
  const [shown, show] = useState(taskId)
  globalThis.show = show
  return createElement(StrictMode, null, shown && createElement(Show, { taskId: shown, relay }))
}
`

const ON_SERVER = `${APP}
import { renderToString } from 'react-dom/server'
export { version } from 'react'
export function render (props) { return renderToString(createElement(App, props)) }
`

const IN_PAGE = `${APP}
import { hydrateRoot } from 'react-dom/client'
export function hydrate (props) {
  Object.assign(globalThis, { completed: [], shown: [] })
  hydrateRoot(document.getElementById('root'), createElement(App, props))
}
`

interface Props {
  readonly relay: string
  readonly taskId: string
}

/** Bundles the app with the development build of React, which checks more. */
async function bundle (contents: string, packages: string, options: BuildOptions): Promise<string> {
  const { outputFiles = [] } = await build({
    ...options,
    stdin: { contents, resolveDir: '.', loader: 'js' },
    bundle: true,
    write: false,
    define: { 'process.env.NODE_ENV': '"development"' },
    alias: { react: join(packages, 'react'), 'react-dom': join(packages, 'react-dom') }
  })
  return outputFiles[0]?.text ?? ''
}

/** Renders the app without a browser, and opens the page that continues it. */
async function openApp (t: Test, packages: string, props: Props): Promise<{
  readonly page: Page
  readonly html: string
  readonly version: string
  /** Warnings and errors of the page. */
  readonly messages: readonly string[]
}> {
  const file = join(temporaryFolder(t), 'app.cjs')
  writeFileSync(file, await bundle(ON_SERVER, packages, { format: 'cjs', platform: 'node' }))
  const { render, version } = await import(pathToFileURL(file).href)
  const html: string = render(props)
  const script = await bundle(IN_PAGE, packages, { format: 'iife', globalName: 'app' })
  const { url } = await startServer(t, (request, response) => {
    if (request.url === '/app.js') response.setHeader('content-type', 'text/javascript').end(script)
    else response.setHeader('content-type', 'text/html').end(`<link rel="icon" href="data:,"><p id="root">${html}</p>`)
  })
  const page = await (await startChromium(t)).open(t, url)
  const messages = collectMessages(page)
  await page.addScriptTag({ url: '/app.js' })
  await page.evaluate(`app.hydrate(${JSON.stringify(props)})`)
  return { page, html, version, messages }
}

/** Resolves when the relay has this number of open streams. */
export async function streamsBecome (relay: string, count: number): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`${relay}/metrics`)).text()
    if (metrics.includes(`\nrelay_streams_open ${count}\n`)) return
  }
}

/** Tests `usePhrase` in StrictMode in a browser, and on a server, with the React in a folder of packages. */
export async function testReactApp (t: Test, packages: string, major: number): Promise<void> {
  const relay = await startRelay(t, { CORS_ORIGINS: ['*'] })
  for (const taskId of ['a', 'b']) await post(relay.url, phraseReady(taskId, `Phrase ${taskId}`))
  const { page, html, version, messages } = await openApp(t, packages, { relay: relay.url, taskId: 'a' })
  const shows = (text: string) => page.waitForSelector(`output:text-is("${text}")`)

  t.match(version, new RegExp(`^${major}\\.`))
  t.equal(html, '<output>waiting</output>', 'a server renders the first state')
  await shows('Phrase a')
  await streamsBecome(relay.url, 1)

  await page.evaluate('shown = []; show("b")')
  await shows('Phrase b')
  await streamsBecome(relay.url, 1)
  t.strictSame(await page.evaluate('[...new Set(shown)]'), [undefined, 'Phrase b'], 'not that of another task')
  t.strictSame(await page.evaluate('completed'), ['ready', 'ready'], 'completes once with each')

  await page.evaluate('show("")')
  await streamsBecome(relay.url, 0)
  t.strictSame(messages, [], 'React and the browser report nothing')
}
