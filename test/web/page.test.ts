import { join } from 'node:path'
import Fastify from 'fastify'
import type { Page, Request } from 'playwright-core'
import t from 'tap'
import { createHub, localBus, memoryStore, phraseRelay } from '../../src/index.ts'
import { phraseFailed, phraseReady, post, voiceReady } from '../support/callbacks.ts'
import { noChromium, startChromium } from '../support/chromium.ts'
import { freePort } from '../support/port.ts'
import { startProcess } from '../support/process.ts'
import { startRelay, temporaryFolder } from '../support/relay.ts'
import { frame } from '../support/server.ts'

const skip = noChromium
const { open, profile } = noChromium ? {} as never : await startChromium(t)

const live = (page: Page) => page.locator('[data-state="live"]').waitFor()
const shows = (page: Page, text: string) => page.locator('#text', { hasText: text }).waitFor()

/** Resolves with the time after two frames: the browser has then measured what it drew before. */
function drawn (page: Page): Promise<number> {
  return page.evaluate(() => new Promise<number>((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(() => { resolve(performance.now()) }))
  }))
}

const eventNames = (page: Page) => page.locator('#events strong').allTextContents()

t.test('the page: the sample shows a phrase, requests no other host, and violates no policy', { skip }, async t => {
  const { url } = await startRelay(t)
  const page = await (await profile(t)).newPage()
  const hosts = new Set<string>()
  const complaints: string[] = []
  page.on('request', (request) => hosts.add(new URL(request.url()).origin))
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)

  await page.getByRole('button', { name: 'Try a sample' }).click()
  await page.getByRole('heading', { name: 'Read this aloud' }).waitFor()

  t.match(await page.locator('#text').textContent(), /^\w+ \w+ hum /)
  t.strictSame(await eventNames(page), ['subscribed', 'phrase-ready'])
  t.strictSame([...hosts], [url])
  t.strictSame(complaints, [])
})

t.test('the page: loading the clock does not undo what a person did meanwhile', { skip }, async t => {
  const { url } = await startRelay(t)
  const page = await (await profile(t)).newPage()
  let clock = Promise.withResolvers<void>()
  await page.route('**/healthz', async (route) => {
    await clock.promise
    await route.continue().catch(() => {})
  })
  /** Resolves when the page has its answer. On a loaded machine it has given up before. */
  function clockAnswered (): Promise<unknown> {
    const isClock = (request: Request) => request.url().endsWith('/healthz')
    const wait = { predicate: isClock, timeout: 0 }
    return Promise.race([page.waitForEvent('requestfinished', wait), page.waitForEvent('requestfailed', wait)])
  }

  let answered = clockAnswered()
  await page.goto(url)
  await page.getByRole('button', { name: 'Try a sample' }).click()
  await page.getByRole('heading', { name: 'Read this aloud' }).waitFor()
  clock.resolve()
  await answered
  await drawn(page)
  t.strictSame(await eventNames(page), ['subscribed', 'phrase-ready'])

  clock = Promise.withResolvers()
  answered = clockAnswered()
  await page.goto(url)
  await page.getByLabel('Task id').fill('typed')
  clock.resolve()
  await answered
  await drawn(page)
  t.equal(await page.getByLabel('Task id').inputValue(), 'typed')
})

t.test('the page: shows a text for every state', { skip }, async t => {
  const { url } = await startRelay(t)
  await post(url, phraseFailed('failed'))
  await post(url, voiceReady('voice'), { step: 'generate' })
  await post(url, { code: 200, msg: 'success', data: { taskId: 'busy', status: 'processing_validate' } })
  const page = await open(t, url)

  for (const [query, text] of [
    ['?task=', 'Which task?'],
    ['?task=nobody', 'Nobody has heard of this task yet'],
    ['?task=failed', 'The phrase could not be created'],
    ['?task=voice', 'voice'],
    ['?task=busy', 'The phrase is being created'],
    ['?task=no%20id', 'Not a task id'],
    ['?task=..', 'Not a task id']
  ] as const) {
    await page.goto(`${url}/${query}`)
    await shows(page, text)
  }
})

t.test('the page: data of a callback never becomes markup, and the URL never becomes code', { skip }, async t => {
  const { url } = await startRelay(t)
  const phrase = '<img src=x onerror=alert(1)>'
  await post(url, phraseReady('a', phrase))
  const page = await open(t, `${url}/?task=a`)
  await shows(page, phrase)
  t.equal(await page.locator('main img').count(), 0)

  await page.goto(`${url}/?task=')%3Balert('`)
  await shows(page, 'Not a task id')
  t.match(await page.locator('#browser').textContent(), `const url = '${url}/events/TASK_ID'`)
})

t.test('the page: shows the age of a phrase by the server\'s clock, and when it expires', { skip }, async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a'))
  const page = await (await profile(t)).newPage()
  // The clock of the phone is an hour ahead.
  await page.clock.install({ time: Date.now() + 3_600_000 })
  await page.goto(`${url}/?task=a`)
  await shows(page, 'Silver rivers')
  t.match(await page.locator('#clock').textContent(), /^about [23]:\d\d left$/)

  await page.clock.fastForward(125_000)
  await page.locator('[data-clock="short"]').waitFor()
  t.match(await page.locator('#announcer').textContent(), 'expires in about one minute')

  await page.clock.fastForward(60_000)
  await page.getByRole('heading', { name: 'Probably expired' }).waitFor()
  t.match(await page.locator('#announcer').textContent(), 'probably expired')
})

t.test('the page: copies the phrase', { skip }, async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a', 'Copy me'))
  const page = await open(t, `${url}/?task=a`, { permissions: ['clipboard-read', 'clipboard-write'] })
  await shows(page, 'Copy me')

  await page.locator('#copy').click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()

  t.equal(await page.evaluate(() => navigator.clipboard.readText()), 'Copy me')
})

t.test('the page: works with the keyboard alone, and supports back and forward', { skip }, async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a'))
  await post(url, phraseReady('b', 'By the hash'))
  const page = await open(t, url)

  await page.locator('#task:focus').waitFor()
  await page.keyboard.type('a')
  await page.keyboard.press('Enter')
  await shows(page, 'Silver rivers')
  t.equal(page.url(), `${url}/?task=a`)

  await page.goBack()
  await shows(page, 'Which task?')
  await page.goForward()
  await shows(page, 'Silver rivers')
  await page.goto(`${url}/#b`)
  await shows(page, 'By the hash')
})

t.test('the page: works under a prefix', { skip }, async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(phraseRelay, { prefix: '/relay', hub: createHub({ store: memoryStore(), bus: localBus() }) })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const page = await open(t, `${url}/relay?task=a`)
  await live(page)

  await post(`${url}/relay`, phraseReady('a'))

  await shows(page, 'Silver rivers')
  t.equal(await page.locator('#shell').textContent(), `curl -N ${url}/relay/events/a`)
})

t.test('the page: shows each event once across a restart of the server', { skip }, async t => {
  const env = { STORE_URL: `sqlite:${join(temporaryFolder(t), 'relay.db')}`, RETRY_MS: '100' }
  const first = await startProcess(t, { ...env, PORT: String(await freePort()) })
  await post(first.url, phraseReady('a', 'Before'))
  const page = await open(t, `${first.url}/?task=a`)
  await shows(page, 'Before')

  await first.kill()
  await page.locator('[data-state="reconnecting"]').waitFor()
  const second = await startProcess(t, { ...env, PORT: new URL(first.url).port })
  await post(second.url, phraseReady('a', 'After'))
  // A page that reconnects to a stopping server waits up to 15 s.
  await page.locator('#text', { hasText: 'After' }).waitFor({ timeout: 120_000 })

  t.strictSame((await eventNames(page)).filter((name) => name === 'phrase-ready').length, 2)
})

t.test('the page: reconnects after an error of a proxy', { skip }, async t => {
  const { url } = await startRelay(t)
  const page = await (await profile(t)).newPage()
  await page.route('**/events/**', (route) => route.fulfill({ status: 502 }), { times: 1 })
  await page.goto(`${url}/?task=a`)
  await live(page)

  await post(url, phraseReady('a'))
  await shows(page, 'Silver rivers')
})

t.test('the page: shows an event that arrived while it was offline', { skip }, async t => {
  const { url } = await startRelay(t)
  const page = await open(t, `${url}/?task=a`)
  await live(page)

  await page.context().setOffline(true)
  await page.locator('[data-state="offline"]').waitFor()
  await post(url, phraseReady('a', 'In between'))
  await page.context().setOffline(false)

  await shows(page, 'In between')
  t.equal((await eventNames(page)).filter((name) => name === 'phrase-ready').length, 1)
})

t.test('the page: six tabs all show the phrase', { skip }, async t => {
  const { url } = await startRelay(t)
  const browser = await profile(t)
  const tabs = await Promise.all(Array.from({ length: 6 }, () => browser.newPage()))
  for (const tab of tabs) {
    await tab.goto(`${url}/?task=a`)
    await live(tab)
  }

  await post(url, phraseReady('a'))

  await Promise.all(tabs.map((tab) => shows(tab, 'Silver rivers')))
})

t.test('the page: removes the events of a task that is erased', { skip }, async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('other'))
  const page = await (await profile(t)).newPage()
  const { data } = phraseReady('a', 'Erase me')
  const event = { ...data, receivedAt: new Date().toISOString() }
  const body = [
    frame('e.0', 'subscribed', { replayed: 1 }),
    frame('e.1', 'phrase-ready', event),
    frame('', 'closing', { reason: 'erased' })
  ].join('')
  await page.route('**/events/**', (route) => route.fulfill({ contentType: 'text/event-stream', body }), { times: 1 })
  await page.goto(`${url}/?task=a`)

  await page.locator('#events', { hasText: 'have been erased' }).waitFor()
  await live(page)
  await shows(page, 'Nobody has heard of this task yet')
  t.equal((await eventNames(page)).includes('phrase-ready'), false)
})
