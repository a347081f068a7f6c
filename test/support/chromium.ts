import { existsSync } from 'node:fs'
import { chromium, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core'
import type { Test } from 'tap'

const PROGRAM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'
]
const isMissing = process.env['CI'] !== 'true' && !existsSync(PROGRAM)

/** The reason why browser tests cannot run here, or false. In CI they have to run. */
export const noChromium: string | false = isMissing && `needs Chromium at ${PROGRAM}`

/** A running browser. */
export interface TestBrowser {
  /** Opens an empty profile. It is closed with the test. */
  profile (t: Test, options?: BrowserContextOptions): Promise<BrowserContext>
  /** Opens a page in its own profile. */
  open (t: Test, url: string, options?: BrowserContextOptions): Promise<Page>
}

/** Starts Debian's Chromium. It ends with the test. */
export async function startChromium (t: Test): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath: PROGRAM, args: ARGS })
  t.teardown(() => browser.close())

  async function profile (t: Test, options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options })
    t.teardown(() => context.close())
    return context
  }

  return {
    profile,
    async open (t, url, options) {
      const page = await (await profile(t, options)).newPage()
      await page.goto(url)
      return page
    }
  }
}

/** Collects the warnings and errors of a page from now on. */
export function collectMessages (page: Page): readonly string[] {
  const messages: string[] = []
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type())) messages.push(message.text())
  })
  page.on('pageerror', ({ message }) => { messages.push(message) })
  return messages
}
