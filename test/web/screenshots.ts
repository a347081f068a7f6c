// Writes a PNG of every state of the live page, on a phone and on a desktop, light and dark:
//
//     node test/web/screenshots.ts <folder> [<part of a state's name>]

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { startChromium } from '../support/chromium.ts'
import { STATES } from './states.ts'

const [folder = '.tap/screenshots', part = ''] = process.argv.slice(2)
const SIZES = [{ width: 1280, height: 800 }, { width: 390, height: 844 }]
const SCHEMES = ['light', 'dark'] as const

mkdirSync(folder, { recursive: true })
const ends: Array<() => unknown> = []
const t = { teardown (end: () => unknown) { ends.unshift(end) } } as unknown as Test
const browser = await startChromium(t)
for (const [name, open] of Object.entries(STATES).filter(([name]) => name.includes(part))) {
  const page = await open(t, browser, { reducedMotion: 'reduce' })
  for (const viewport of SIZES) {
    for (const colorScheme of SCHEMES) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      const file = `${name.replaceAll(/\W+/g, '-')}-${viewport.width}-${colorScheme}.png`
      await page.screenshot({ path: join(folder, file), fullPage: true, timeout: 120_000 })
    }
  }
  for (const end of ends.splice(0, ends.length - 1)) await end()
}
for (const end of ends) await end()
