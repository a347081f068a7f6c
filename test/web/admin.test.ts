import { createRequire } from 'node:module'
import type { BrowserContextOptions, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import type { Config } from '../../schemas/config.ts'
import { draft, numbers } from '../../src/conformance/drafts.ts'
import { phraseFailed, phraseReady, post } from '../support/callbacks.ts'
import { noChromium, startChromium } from '../support/chromium.ts'
import { startRelay } from '../support/relay.ts'

const skip = noChromium
const { profile } = noChromium ? {} as never : await startChromium(t)
const TOKEN = 't'.repeat(32)
const SENDER = 'a-token-of-the-sender'
const query = `?token=${SENDER}`
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

async function start (t: Test, config: Partial<Config> = {}) {
  return startRelay(t, { ADMIN_TOKEN: TOKEN, CALLBACK_TOKENS: [SENDER], ...config })
}

/** Opens the page with the token. */
async function open (t: Test, url: string, options?: BrowserContextOptions): Promise<Page> {
  const page = await (await profile(t, options)).newPage()
  await page.goto(`${url}/admin`)
  await logIn(page)
  return page
}

async function logIn (page: Page, token = TOKEN): Promise<void> {
  await page.getByLabel('Admin token').fill(token)
  await page.getByRole('button', { name: 'Open' }).click()
}

const ready = (page: Page) => page.locator('#ready[data-state="yes"]').waitFor()
const shows = (page: Page, selector: string, hasText: string | RegExp) => page.locator(selector, { hasText }).waitFor()

t.test('operations: asks for the token, keeps it for the tab, and requests no other host', { skip }, async t => {
  const { url } = await start(t)
  const context = await profile(t)
  const page = await context.newPage()
  const hosts = new Set<string>()
  const complaints: string[] = []
  page.on('request', (request) => hosts.add(new URL(request.url()).origin))
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(`${url}/admin`)
  await logIn(page)
  await ready(page)
  await page.reload()
  await ready(page)
  await shows(page, '#plots figcaption', 'Accept to commit')
  t.strictSame([...hosts], [url])
  t.strictSame(complaints, [], 'the policy holds')
  t.strictSame(await context.cookies(), [])

  const other = await context.newPage()
  await other.goto(`${url}/admin`)
  await other.getByLabel('Admin token').waitFor()
})

t.test('operations: a wrong token is refused, and forgotten', { skip }, async t => {
  const { url } = await start(t)
  const page = await (await profile(t)).newPage()
  await page.goto(`${url}/admin`)
  await logIn(page, 'wrong')
  await shows(page, '#login-hint', 'its admin token is missing or wrong')
  t.equal(await page.locator('#board').isHidden(), true)
  await logIn(page)
  await ready(page)
})

t.test('operations: without a token, a local page opens at once', { skip }, async t => {
  const { url } = await startRelay(t)
  const page = await (await profile(t)).newPage()
  await page.goto(`${url}/admin`)
  await ready(page)
})

t.test('operations: lists tasks by group, with their timeline', { skip }, async t => {
  const { url, hub } = await start(t)
  await post(url, phraseReady('good'), { step: 'validate', query })
  await post(url, phraseFailed('bad'), { step: 'validate', query })
  await hub.submissions.watch({ id: 'r', taskId: 'late', step: 'generate' }, { askAfterMs: 1e6, giveUpMs: 1e7 })
  const page = await open(t, url)
  await shows(page, '#task-rows tr', /good.*phrase ready.*validate/)
  await shows(page, '#waiting', '1')

  await page.getByRole('button', { name: 'Failed' }).click()
  await page.locator('#task-rows tr', { hasText: 'good' }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'bad', exact: true }).click()
  await shows(page, 'dialog .timeline li', /phrase-failed.*Failed to regenerate validation phrase · code 400/)
  t.match(page.url(), /#task=bad$/)
  await page.keyboard.press('Escape')

  await page.getByLabel('Task id').fill('late')
  await page.getByRole('button', { name: 'Show' }).first().click()
  await shows(page, 'dialog .submissions li', /generate waits for its callback, submitted/)
  await page.getByRole('button', { name: 'Close' }).click()
  // The page removes the task from its address when it hears that the dialog has closed, which may take a moment.
  await page.waitForURL((address) => address.hash === '')

  await page.goto(`${url}/admin#task=nobody`)
  await page.reload()
  await shows(page, 'dialog', 'nobody is unknown')
})

t.test('operations: reads older tasks, and leaves them in place', { skip }, async t => {
  const { url, hub } = await start(t)
  for (const n of numbers(250)) await hub.publish(`task-${n}`, draft(`${n}`))
  const page = await open(t, url)
  await shows(page, '#task-note', 'Tasks of the last')
  t.equal(await page.locator('#task-rows tr').count(), 100)
  await page.getByRole('button', { name: 'Older tasks' }).click()
  await shows(page, '#task-rows tr:nth-child(200)', 'task-51')
  await page.getByRole('button', { name: 'Older tasks' }).click()
  await shows(page, '#task-rows tr:nth-child(250)', 'task-1')
  await page.locator('#more').waitFor({ state: 'hidden' })
})

t.test('operations: shows, replays and drops callbacks in quarantine', { skip }, async t => {
  const { url, hub } = await start(t)
  const body = JSON.stringify(phraseReady('fixed', '<img src=x onerror=alert(1)>'))
  await hub.hold({ step: 'validate', body, reason: 'it was odd', digest: 'one' })
  await post(url, '{"code":200}', { query })
  const page = await open(t, url)
  await shows(page, '#held-rows tr', /1.*validate.*it was odd/)
  await page.getByRole('button', { name: 'Show callback 1' }).click()
  await shows(page, 'dialog pre', '<img src=x onerror=alert(1)>')
  t.equal(await page.locator('dialog img').count(), 0)
  await page.getByRole('button', { name: 'Close' }).click()

  await page.getByRole('button', { name: 'Replay callback 1' }).click()
  await shows(page, '#held-result', /Callback 1 became event .*\.1 of task fixed/)
  await page.getByRole('button', { name: 'Replay callback 2' }).click()
  await shows(page, '#held-result', 'Callback 2 stays: Cannot read the callback')
  await page.getByRole('button', { name: 'Drop callback 2' }).click()
  await page.getByRole('button', { name: 'Drop callback 2 for good?' }).click()
  await shows(page, '#held-result', 'Callback 2 is dropped')
  await shows(page, '#held-note', 'Empty')
})

t.test('operations: shows refused callbacks, and that the server is gone', { skip }, async t => {
  const { url, app } = await start(t)
  await post(url, {}, { query: '?token=wrong' })
  await fetch(`${url}/calback`, { method: 'POST' })
  const page = await open(t, url)
  await shows(page, '#refusal-rows tr', /CALLBACK_UNAUTHENTIC no valid token or signature.*127\.0\.0\.1/)
  await shows(page, '#refusal-rows tr', /NOT_FOUND .*\/calback/)
  app.server.closeAllConnections()
  await app.close()
  await shows(page, '#ready[data-state="no"]', 'Unreachable')
  await shows(page, '#trouble', 'The server does not answer')
})

t.test('operations: no violations of accessibility, no horizontal overflow', { skip }, async t => {
  const { url, hub } = await start(t)
  await hub.hold({ step: 'validate', body: '{}', reason: 'it was odd', digest: 'one' })
  await post(url, phraseFailed('a-task-with-a-long-id'.repeat(6)), { query })
  await hub.submissions.watch({ id: 'r', taskId: 'late', step: 'generate' }, { askAfterMs: 0, giveUpMs: 1e7 })
  const overdue = { ...draft('overdue'), event: 'task-overdue', data: '{"receivedAt":"2026-01-01"}' } as const
  await hub.submissions.overdue('r', overdue)
  await post(url, {}, { query: '?token=wrong' })
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [390, 1280]) {
      const page = await open(t, url, { viewport: { width, height: 900 }, colorScheme, bypassCSP: true })
      await shows(page, '#refusal-rows tr', 'CALLBACK_UNAUTHENTIC')
      await page.addScriptTag({ path: AXE })
      t.strictSame(await violations(page), [], `${colorScheme}, ${width} px`)
      t.equal(await page.evaluate(() => document.documentElement.scrollWidth), width)
      await page.locator('#task-rows button').first().click()
      await page.locator('dialog .timeline li').waitFor()
      t.strictSame(await violations(page), [], `${colorScheme}, ${width} px, a task`)
    }
  }
})

async function violations (page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { violations } = await Reflect.get(window, 'axe').run()
    return violations.flatMap(({ id, nodes }: any) => nodes.map(({ html }: any) => `${id}: ${html}`))
  })
}
