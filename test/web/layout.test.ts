import type { Page } from 'playwright-core'
import t from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { noChromium, startChromium } from '../support/chromium.ts'
import { startRelay } from '../support/relay.ts'
import { LONG_PHRASES } from './states.ts'

const skip = noChromium
const { open } = noChromium ? {} as never : await startChromium(t)

const shows = (page: Page, text: string) => page.locator('#text', { hasText: text }).waitFor()

/** Resolves with the time after two frames: the browser has then measured what it drew before. */
function drawn (page: Page): Promise<number> {
  return page.evaluate(() => new Promise<number>((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(() => { resolve(performance.now()) }))
  }))
}

/** Layout shifts since a time, except those of the text and the hint that have changed. */
function shiftsSince (page: Page, time: number): Promise<unknown[]> {
  return page.evaluate((time) => {
    const observer = new PerformanceObserver(() => {})
    observer.observe({ type: 'layout-shift', buffered: true })
    const changed = document.querySelector('.message')
    return observer.takeRecords().filter(({ startTime }) => startTime > time).flatMap((entry) => Object(entry).sources)
      .filter(({ node }) => !changed?.contains(node)).map(({ node }) => node?.outerHTML?.slice(0, 80) ?? null)
  }, time)
}

const PHRASES = {
  'a short phrase': 'Silver rivers hum below the hill', 'a long word': 'Silver'.repeat(80), ...LONG_PHRASES
}

for (const [what, phrase] of Object.entries(PHRASES)) {
  t.test(`the page: a phrase, ${what}: nothing moves, and the countdown stays in view`, { skip }, async t => {
    const { url } = await startRelay(t)
    const page = await open(t, url)
    for (const [width, height] of [[390, 844], [1280, 800]] as const) {
      await page.setViewportSize({ width, height })
      await page.goto(`${url}/?task=${width}`)
      await shows(page, 'Nobody has heard of this task yet')
      const before = await drawn(page)
      await post(url, phraseReady(String(width), phrase))
      await shows(page, phrase.slice(0, 20))
      await drawn(page)

      t.strictSame(await shiftsSince(page, before), [], `${width} px`)
      const { y = Infinity } = await page.locator('#clock').boundingBox() ?? {}
      t.ok(y < height && await page.evaluate(() => scrollY) === 0, 'the countdown is in view')
      t.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, 'no horizontal overflow')
    }
  })
}
