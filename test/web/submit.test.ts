import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import type { Config } from '../../schemas/config.ts'
import type { SandboxOptions } from '../../src/suno/sandbox/options.ts'
import { startAsking, startSandbox } from '../support/asking.ts'
import { noChromium, startChromium } from '../support/chromium.ts'
import { virtualTime } from '../support/virtual-time.ts'

const skip = noChromium
const { open } = noChromium ? {} as never : await startChromium(t)
const shows = (page: Page, text: string | RegExp) => page.locator('#stage', { hasText: text }).waitFor()
const eventNames = (page: Page) => page.locator('#events strong').allTextContents()
const button = (page: Page) => page.getByRole('button', { name: 'Ask Suno for a phrase' })

async function startWith (t: Test, options: Partial<SandboxOptions>, config: Partial<Config> = {}) {
  const sandbox = await startSandbox(t, options)
  return { sandbox, relay: await startAsking(t, sandbox.url, config) }
}

t.test('the page: submits, waits, says that Suno is asked, and shows the phrase', { skip }, async t => {
  const clock = virtualTime()
  const options = { lose: 1, phraseAfterMs: 1000, schedule: clock.schedule }
  const { sandbox, relay } = await startWith(t, options, { ASK_AFTER_MS: 2000 })
  const page = await open(t, relay.url)

  await button(page).click()
  await shows(page, /Waited \d+:\d\d/)
  await shows(page, /The relay has been asking Suno since \d+:\d\d/)
  clock.pass(1000)
  await page.getByRole('heading', { name: 'Read this aloud' }).waitFor()

  const names = await eventNames(page)
  t.strictSame(names.filter((name) => name !== 'task-update'), ['subscribed', 'task-overdue', 'phrase-ready'])
  await page.locator('[data-kind="phrase-ready"] summary').click()
  t.match(await page.locator('[data-kind="phrase-ready"] pre').textContent(), '"source": "query"')
  t.strictSame(sandbox.deliveries, [], 'the callback was lost')
})

t.test('the page: shows the phrase of a callback, with a ticket that it got itself', { skip }, async t => {
  const { relay } = await startWith(t, {}, { TICKET_KEYS: ['k'.repeat(32)] })
  const page = await open(t, relay.url)

  await button(page).click()

  await page.getByRole('heading', { name: 'Read this aloud' }).waitFor()
  t.equal((await eventNames(page)).includes('task-overdue'), false)
})

t.test('the page: says why a submission failed, and allows another', { skip }, async t => {
  const { sandbox, relay } = await startWith(t, { credits: 0 })
  const page = await open(t, relay.url)

  await button(page).click()
  await shows(page, 'The account has no credits left')
  await sandbox.close()
  await button(page).click()
  await shows(page, 'Suno did not answer')
  await relay.app.close()
  await button(page).click()
  await shows(page, 'The submission failed')
})

t.test('the page: shows the wait, and its duration', { skip }, async t => {
  const { relay } = await startWith(t, { phraseAfterMs: 60_000 })
  const page = await open(t, relay.url)

  await button(page).click()

  await shows(page, /Waited \d+:\d\d/)
  await shows(page, 'If no callback comes, the relay asks Suno.')
  await shows(page, /Waited \d+:\d[1-9]/)
})

t.test('the page: shows a timeout and what to do next', { skip }, async t => {
  const { relay } = await startWith(t, { lose: 1, phraseAfterMs: 60_000 }, { ASK_AFTER_MS: 0, GIVE_UP_MS: 1000 })
  const page = await open(t, relay.url)

  await button(page).click()

  await shows(page, 'Suno sent no result in time')
  await shows(page, 'Request a new phrase, or wait: a late callback still appears here.')
  t.equal((await eventNames(page)).at(-1), 'task-timeout')
})
