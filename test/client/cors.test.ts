import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { build } from 'esbuild'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import type { Fetch } from '../../src/client/index.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { noChromium, startChromium } from '../support/chromium.ts'
import { startRelay } from '../support/relay.ts'
import { answer, startServer, task } from '../support/server.ts'
import { nextIds, watchA } from '../support/watching.ts'

const skip = noChromium
const { open } = skip ? {} as never : await startChromium(t)

function corsMessage (origin: string): string {
  const cure = `if the relay has another origin, its CORS_ORIGINS must contain ${origin}`
  return `Cannot watch the task: no response; ${cure}`
}

/** Simulates a page, and a `fetch` that fails once with an error and then works. */
async function failOnPage (t: Test, error: Error, navigator: unknown): Promise<string[]> {
  t.intercept(globalThis, 'navigator', { value: navigator })
  t.intercept(globalThis, 'location', { value: { origin: 'https://app.example' } })
  const { url } = await startServer(t, answer(200, task('e.1')))
  const messages: string[] = []
  let requests = 0
  const failing: Fetch = async (url, init) => {
    if (requests++ === 0) throw error
    return fetch(url, init)
  }
  const events = watchA(t, url, { fetch: failing, onFailure ({ message }) { messages.push(message) } })
  t.strictSame(await nextIds(events, 1), ['e.1'])
  return messages
}

t.test('onFailure: names CORS_ORIGINS if a page that is online gets no response', async t => {
  const messages = await failOnPage(t, new TypeError('Failed to fetch'), { onLine: true })

  t.strictSame(messages, [corsMessage('https://app.example')])
})

t.test('onFailure: reports other errors as they are', async t => {
  for (const navigator of [{ onLine: false }, {}, undefined]) {
    t.strictSame(await failOnPage(t, new TypeError('Failed to fetch'), navigator), ['Failed to fetch'])
  }
  t.strictSame(await failOnPage(t, new Error('No ticket'), { onLine: true }), ['No ticket'])
})

/** Starts an app on its own origin, whose page has the client as `relay`. */
async function startApp (t: Test): Promise<string> {
  const script = await bundle()
  const server = createServer((request, response) => {
    const type = request.url === '/client.js' ? 'text/javascript' : 'text/html'
    response.setHeader('content-type', type).end(type === 'text/html' ? '<script src="/client.js"></script>' : script)
  })
  t.teardown(() => { server.close() })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function bundle (): Promise<string> {
  const options = { bundle: true, write: false, format: 'iife', globalName: 'relay' } as const
  const { outputFiles: [file] } = await build({ entryPoints: ['src/client/index.ts'], ...options })
  return file?.text ?? ''
}

/** Waits in a page for the phrase, or for the first failure. */
function phraseOrFailure (page: Page, url: string): Promise<string> {
  return page.evaluate((url) => new Promise<string>((resolve) => {
    const { waitForPhrase } = (globalThis as any).relay
    waitForPhrase(url, 'a', { onFailure (error: Error) { resolve(error.message) } })
      .then(({ data }: any) => { resolve(data.validateInfo) }, (error: Error) => { resolve(error.message) })
  }), url)
}

t.test('a browser: only a page of an allowed origin gets the phrase, the other learns why', { skip }, async t => {
  const [allowed, other] = await Promise.all([startApp(t), startApp(t)])
  const { url } = await startRelay(t, { CORS_ORIGINS: [allowed] })
  await post(url, phraseReady('a', 'Read me'))

  t.equal(await phraseOrFailure(await open(t, allowed), url), 'Read me')
  t.equal(await phraseOrFailure(await open(t, other), url), corsMessage(other))
})

t.test('a browser: a page may use a relative URL', { skip }, async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a', 'Read me'))
  const page = await open(t, `${url}/?task=b#c`, { bypassCSP: true })
  await page.addScriptTag({ content: await bundle() })

  t.equal(await phraseOrFailure(page, ''), 'Read me')
  t.match(await phraseOrFailure(page, 'ws://relay'), 'is not a plain http(s) URL of a task')
})

t.test('a browser: a watch that fails offline does not suspect CORS', { skip }, async t => {
  const app = await startApp(t)
  const { url } = await startRelay(t, { CORS_ORIGINS: [app] })
  const page = await open(t, app)
  await page.context().setOffline(true)

  t.equal(await phraseOrFailure(page, url), 'Failed to fetch')
})
