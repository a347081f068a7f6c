import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import t from 'tap'
import { phraseFailed, phraseReady, post } from '../support/callbacks.ts'
import { noChromium, startChromium } from '../support/chromium.ts'
import { startProcess } from '../support/process.ts'
import { skipRedis, startRedis } from '../support/redis.ts'
import { startRelay } from '../support/relay.ts'

const skip = noChromium || skipRedis
const TOKEN = 't'.repeat(32)
const SENDER = 'a-token-of-the-sender'
const query = `?token=${SENDER}`
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const SCREENSHOTS = process.env['SCREENSHOTS']

const shows = (page: Page, selector: string, hasText: string | RegExp) => page.locator(selector, { hasText }).waitFor()

if (skip) t.plan(0, skip)
else {
  const { profile } = await startChromium(t)

  t.test('operations of a fleet: lists the nodes, and says which numbers are of all of them', async t => {
    const redis = await startRedis(t)
    const other = await startProcess(t, { STORE_URL: redis.url, ADMIN_TOKEN: TOKEN, CALLBACK_TOKENS: SENDER })
    const settings = { ADMIN_TOKEN: TOKEN, CALLBACK_TOKENS: [SENDER], REDIS_TIMEOUT_MS: 500 }
    const { url, hub } = await startRelay(t, { STORE_URL: redis.url, ...settings })
    await post(url, phraseReady('here'), { step: 'validate', query })
    await post(other.url, phraseFailed('there'), { query })
    await post(other.url, '{"code":200}', { query })
    await post(url, {}, { query: '?token=wrong' })
    await hub.submissions.watch({ id: 'r', taskId: 'late', step: 'generate' }, { askAfterMs: 1e6, giveUpMs: 1e7 })

    for (const width of [390, 1280]) {
      const options = { viewport: { width, height: 900 }, bypassCSP: true }
      const page = await (await profile(t, options)).newPage()
      await page.goto(`${url}/admin`)
      await page.getByLabel('Admin token').fill(TOKEN)
      await page.getByRole('button', { name: 'Open' }).click()
      await shows(page, '#node-rows tr', new RegExp(`:${process.pid} this node`))
      await shows(page, '#node-rows tr', new RegExp(`:${other.child.pid}.*ago`))
      await shows(page, '#task-rows tr', 'there')
      await shows(page, '#tasks-title', 'whole fleet')
      await shows(page, '#quarantine-title', 'whole fleet')
      await shows(page, '#plots-title', 'this node')
      await shows(page, '#streams-scope', 'this node; 0 in the fleet')
      await shows(page, '#bytes', /^\d.* MB$/)
      await shows(page, '#refusal-rows tr', 'CALLBACK_UNAUTHENTIC')
      t.equal(await page.getByText('whole store').count(), 0)
      await page.addScriptTag({ path: AXE })
      const faults = await page.evaluate(async () => {
        const { violations } = await Reflect.get(window, 'axe').run()
        return violations.map(({ id }: { id: string }) => id)
      })
      t.strictSame(faults, [], `${width} px`)
      t.equal(await page.evaluate(() => document.documentElement.scrollWidth), width)
      if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/fleet-${width}.png`, fullPage: true })
      await page.close()
    }

    const page = await (await profile(t)).newPage()
    await page.goto(`${url}/admin`)
    await page.getByLabel('Admin token').fill(TOKEN)
    await page.getByRole('button', { name: 'Open' }).click()
    await shows(page, '#node-rows tr', 'this node')
    await redis.kill()
    await shows(page, '#ready[data-state="no"]', 'Not ready')
    await shows(page, '#trouble', 'Cannot use Redis')
    await shows(page, '#node-note', 'Unknown while Redis is unavailable')
    await shows(page, '#bytes', 'unknown')
    await post(url, {}, { step: 'validate', query: '?token=wrong' })
    await shows(page, '#refusal-rows tr', 'validate')
    if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/fleet-away.png`, fullPage: true })
    await redis.start()
    await shows(page, '#ready[data-state="yes"]', 'Ready')
    await shows(page, '#node-rows tr', new RegExp(`:${other.child.pid}`))
    t.equal(await page.locator('#trouble').isHidden(), true)
  })
}
