import type { Page } from 'playwright-core'
import t from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { noChromium, startChromium } from '../support/chromium.ts'
import { update } from '../support/phrase-with-updates.ts'
import { freePort } from '../support/port.ts'
import { startRelay } from '../support/relay.ts'

const skip = noChromium
const { open, profile } = noChromium ? {} as never : await startChromium(t)

const live = (page: Page) => page.locator('[data-state="live"]').waitFor()
const shows = (page: Page, text: string) => page.locator('#text', { hasText: text }).waitFor()
const eventNames = (page: Page) => page.locator('#events strong').allTextContents()

t.test('the page: draws the life of a phrase at its value, not from the full bar down to it', { skip }, async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a'))
  const page = await (await profile(t)).newPage()
  await page.clock.install({ time: Date.now() })
  await page.clock.pauseAt(Date.now() + 90_000)
  await page.goto(`${url}/?task=a`)
  await shows(page, 'Silver rivers')
  const value = await page.locator('#bar').evaluate((bar) => {
    const style = getComputedStyle(bar, '::-webkit-progress-value')
    return { duration: style.transitionDuration, value: (bar as HTMLProgressElement).value }
  })
  t.equal(value.duration, '0s')
  t.ok(value.value <= 180)
})

t.test('the page: lists replayed events before the opening of the stream', { skip }, async t => {
  const { url } = await startRelay(t)
  for (const status of ['one', 'two']) await post(url, update('a', status))
  const page = await open(t, `${url}/?task=a`)
  await live(page)
  await post(url, phraseReady('a'))
  await shows(page, 'Silver rivers')
  t.strictSame(await eventNames(page), ['task-update', 'task-update', 'subscribed', 'phrase-ready'])

  await page.context().setOffline(true)
  await page.locator('[data-state="offline"]').waitFor()
  await post(url, phraseReady('a', 'In between'))
  await page.context().setOffline(false)
  await shows(page, 'In between')
  await live(page)
  t.strictSame((await eventNames(page)).slice(3), ['phrase-ready', 'phrase-ready', 'subscribed'])
})

t.test('the page: the stage itself shows that the device is offline, and that it is back', { skip }, async t => {
  const { url } = await startRelay(t)
  const page = await open(t, `${url}/?task=a`)
  await shows(page, 'Nobody has heard')
  await live(page)
  await page.context().setOffline(true)
  await shows(page, 'This device has no network')
  await page.context().setOffline(false)
  await shows(page, 'Nobody has heard')

  await post(url, phraseReady('a'))
  await shows(page, 'Silver rivers')
  await page.context().setOffline(true)
  await page.locator('#hint', { hasText: 'This device has no network. This page reconnects' }).waitFor()
  t.match(await page.locator('#text').textContent(), 'Silver rivers', 'the phrase stays')
  t.equal(await page.locator('#stage').getAttribute('data-lost'), 'yes')
})

t.test('the page: the stage itself shows that the server is gone, and that it is back', { skip }, async t => {
  const PORT = await freePort()
  const { app, url } = await startRelay(t, { PORT })
  const page = await open(t, `${url}/?task=a`)
  await live(page)
  await app.close()
  await shows(page, 'The relay does not answer')
  await startRelay(t, { PORT })
  await page.locator('#text', { hasText: 'Nobody has heard' }).waitFor({ timeout: 120_000 })
})

/** Records what the page announces from now on. */
async function listen (page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const spoken: string[] = Object(globalThis).spoken = []
    const announcer = document.querySelector('#announcer') as Element
    new MutationObserver(() => { spoken.push(`${announcer.textContent}`) }).observe(announcer, { childList: true })
  })
  return () => page.evaluate(() => Object(globalThis).spoken.splice(0))
}

t.test('the page: announces only what has changed for the person', { skip }, async t => {
  const { url } = await startRelay(t)
  const page = await open(t, url)
  const spoken = await listen(page)
  await page.getByLabel('Task id').fill('a')
  await page.keyboard.press('Enter')
  await live(page)
  t.strictSame(await spoken(), [
    'Unknown task. Nobody has heard of this task yet. No submission and no callback has named it. ' +
    'Check the task id. Its first event appears here by itself.'
  ], 'neither the connection nor an empty page')

  await post(url, phraseReady('a', 'One'))
  await shows(page, 'One')
  await post(url, phraseReady('a', 'Two'))
  await shows(page, 'Two')
  const hint = 'Record it in one take, then send the recording with the generate call.'
  t.strictSame(await spoken(), [`Read this aloud. One. ${hint}`, 'Two'])

  await page.context().setOffline(true)
  await page.locator('#stage[data-lost="yes"]').waitFor()
  await page.context().setOffline(false)
  await page.locator('#stage[data-lost="no"]').waitFor()
  t.strictSame(await spoken(), [
    'This device has no network. This page reconnects by itself, and then shows what it has missed.',
    'Connected again'
  ])
  t.equal(await page.locator('[role="status"], [aria-live]').count(), 1, 'there is one live region')
})

t.test('the page: an unknown task, one that waits and one that waits long look different', { skip }, async t => {
  const { url } = await startRelay(t)
  await post(url, update('waits', 'processing_validate'))
  const page = await (await profile(t)).newPage()
  await page.clock.install({ time: Date.now() })
  const look = () => page.locator('#stage').evaluate((stage) => {
    const { borderStyle, borderBlockStartColor } = getComputedStyle(stage)
    return { borderStyle, color: borderBlockStartColor, clock: stage.querySelector('#clock')?.textContent }
  })
  await page.goto(`${url}/?task=nobody`)
  await shows(page, 'Nobody has heard')
  const unknown = await look()
  t.match(unknown.clock, /^Listening for \d:\d\d$/)
  await page.goto(`${url}/?task=waits`)
  await shows(page, 'The phrase is being created')
  const waits = await look()
  t.match(waits.clock, /^Waited 0:\d\d$/)
  const spoken = await listen(page)
  await page.clock.fastForward(70_000)
  await page.getByRole('heading', { name: 'Still waiting for Suno' }).waitFor()
  const long = await look()
  t.match(long.clock, /^Waited 1:\d\d$/)
  t.strictSame(await spoken(), ['Suno takes longer than usual.'])
  t.equal(new Set([unknown, waits, long].map(({ borderStyle, color }) => `${borderStyle} ${color}`)).size, 3)
})

t.test('the page: shows callback URLs that work', { skip }, async t => {
  const { url } = await startRelay(t)
  const page = await open(t, `${url}/`)
  for (const step of ['validate', 'regenerate', 'generate']) {
    const shown = await page.locator(`#${step}`).textContent()
    t.equal(shown, `${url}/callback/${step}`)
    t.equal((await fetch(`${shown}`, {
      method: 'POST',
      body: '{"taskId":"a","code":500}',
      headers: { 'content-type': 'application/json' }
    })).status, 200)
  }
  t.match(await page.locator('#reach').textContent(), 'Suno cannot reach this machine')
  const { url: closed } = await startRelay(t, { CALLBACK_TOKENS: ['a-token-of-the-sender'] })
  await page.goto(closed)
  t.match(await page.locator('#validate').textContent(), `${closed}/callback/validate?token=CALLBACK_TOKEN`)
  t.match(await page.locator('#reach').textContent(), /^Replace CALLBACK_TOKEN/)
})
