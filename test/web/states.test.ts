import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import t from 'tap'
import { noChromium, startChromium } from '../support/chromium.ts'
import { STATES } from './states.ts'

const skip = noChromium
const browser = noChromium ? undefined as never : await startChromium(t)
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const VIEWS = [
  { width: 1280, height: 800, colorScheme: 'light' },
  { width: 390, height: 844, colorScheme: 'dark' }
] as const

/** Checks the page for barriers. Resolves with what is wrong, in words. */
async function barriers (page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  const { violations } = await page.evaluate(() => Object(globalThis).axe.run()) as AxeResults
  return violations.flatMap(({ help, nodes }) => nodes.map(({ target }) => `${help}: ${target.join(' ')}`))
}

/** Measures what a designer would look at. */
function measure (page: Page) {
  return page.evaluate(() => {
    const box = (selector: string) => (document.querySelector(selector) as Element).getBoundingClientRect()
    const accent = getComputedStyle(document.documentElement).getPropertyValue('--accent').trim()
    const sample = document.body.appendChild(document.createElement('i'))
    sample.style.color = accent
    const { color } = getComputedStyle(sample)
    sample.remove()
    const visible = [...document.querySelectorAll('main *')].filter((element) => element.checkVisibility())
    return {
      primary: visible.filter((element) => {
        return element instanceof HTMLButtonElement && getComputedStyle(element).backgroundColor === color
      }).map(({ textContent }) => textContent),
      clipped: visible.filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
        .map((element) => ({ element, style: getComputedStyle(element) }))
        // An ellipsis says that there is more.
        .filter(({ style: { display, textOverflow } }) => display !== 'inline' && textOverflow !== 'ellipsis')
        .map(({ element: { id, tagName } }) => `${tagName} ${id}`),
      overflow: document.documentElement.scrollWidth - innerWidth,
      hole: box('#hint').top - box('#text').bottom,
      clockBottom: box('.clocks').bottom,
      eventsRest: box('#timeline').bottom - box('#events').bottom
    }
  })
}

// Checks of axe take long on a loaded machine.
t.setTimeout(1_800_000)

for (const [index, [name, open]] of Object.entries(STATES).entries()) {
  t.test(`the page: ${name}: no barrier, nothing clipped, one primary action, no hole`, { skip }, async t => {
    const page = await open(t, browser, { reducedMotion: 'reduce' })
    for (const [turn, { width, height, colorScheme }] of VIEWS.entries()) {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme })
      // In every other state the first view, in the rest the second one.
      if (turn === index % VIEWS.length) t.strictSame(await barriers(page), [], `${width} px, ${colorScheme}`)
      const { primary, clipped, overflow, hole, clockBottom, eventsRest } = await measure(page)
      t.equal(primary.length, 1, primary.join())
      t.strictSame(clipped, [])
      t.ok(overflow <= 0, 'no horizontal overflow')
      t.ok(hole >= 0 && hole <= 16, 'the hint is next to the text')
      t.ok(clockBottom <= height, 'the countdown is in view')
      t.ok(eventsRest <= 32, 'the card of events is as tall as its content')
    }
  })
}
