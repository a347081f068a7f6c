import type { BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import type { EventName } from '../../schemas/event.ts'
import { memoryStore } from '../../src/store/memory/store.ts'
import { phraseFailed, phraseReady, post, voiceReady } from '../support/callbacks.ts'
import { startAsking, startSandbox } from '../support/asking.ts'
import type { TestBrowser } from '../support/chromium.ts'
import { mountRelay } from '../support/relay-with.ts'
import { startRelay } from '../support/relay.ts'

/** Phrases of 500 characters. */
export const LONG_PHRASES = {
  'in Latin script': 'Silver rivers hum below the hill and carry our voices home. '.repeat(9).slice(0, 500),
  // cspell:disable-next-line
  'in Arabic': 'تهمس الأنهار الفضية أسفل التل وتحمل أصواتنا إلى البيت. '.repeat(10).slice(0, 500),
  'in Chinese': '银色的河流在山下低语，把我们的声音带回家。'.repeat(25).slice(0, 500)
} as const
const MINUTE_MS = 60_000

/** Opens a page that shows a state of the live page. */
export type OpenState = (t: Test, browser: TestBrowser, options?: BrowserContextOptions) => Promise<Page>

const shows = (page: Page, text: string) => page.locator('#stage', { hasText: text }).waitFor()

/** Shows a task of a relay of its own. */
function task (prepare: (url: string) => Promise<unknown>, text: string, query = '?task=demo'): OpenState {
  return async (t, browser, options) => {
    const { url } = await startRelay(t)
    await prepare(url)
    const page = await browser.open(t, `${url}/${query}`, options)
    await shows(page, text)
    return page
  }
}

const phrase = (text: string) => task((url) => post(url, phraseReady('demo', text)), 'Read this aloud')
const nothing = async (): Promise<void> => {}

/** Event that was received some time ago. */
interface Past {
  readonly event: EventName
  readonly ageMs: number
  readonly more?: object
}

/** Shows a task with events of the past. */
function past (events: readonly Past[], text: string): OpenState {
  return async (t, browser, options) => {
    const { hub, url } = await mountRelay(t, memoryStore())
    for (const [index, { event, ageMs, more = {} }] of events.entries()) {
      const data = { ...phraseReady('demo').data, receivedAt: ago(ageMs), ...more }
      await hub.publish('demo', { event, data: JSON.stringify(data), digest: String(index) })
    }
    const page = await browser.open(t, `${url}/?task=demo`, options)
    await shows(page, text)
    return page
  }
}

const ago = (ms: number) => new Date(Date.now() - ms).toISOString()
const update = (status: string, ageMs: number): Past => ({ event: 'task-update', ageMs, more: { status } })

/** Submits on the page, to a sandbox whose phrase does not come. */
const waiting: OpenState = async (t, browser, options) => {
  const sandbox = await startSandbox(t, { phraseAfterMs: MINUTE_MS })
  const { url } = await startAsking(t, sandbox.url)
  const page = await browser.open(t, url, options)
  await page.locator('#submit').click()
  await shows(page, 'Waited')
  return page
}

async function offline (t: Test, browser: TestBrowser, options?: BrowserContextOptions, text = ''): Promise<Page> {
  const { url } = await startRelay(t)
  if (text) await post(url, phraseReady('demo', text))
  const page = await browser.open(t, `${url}/?task=demo`, options)
  await page.locator('[data-state="live"]').waitFor()
  await shows(page, text)
  await page.context().setOffline(true)
  await page.locator('#stage[data-lost="yes"]').waitFor()
  return page
}

/** Every state of the live page. */
export const STATES: Readonly<Record<string, OpenState>> = {
  'no task': task(nothing, 'Which task?', ''),
  'no task, with a submission': async (t, browser, options) => {
    const sandbox = await startSandbox(t)
    const page = await browser.open(t, (await startAsking(t, sandbox.url)).url, options)
    await shows(page, 'ask Suno')
    return page
  },
  'ticket and token required': async (t, browser, options) => {
    const { url } = await startRelay(t, { TICKET_KEYS: ['k'.repeat(32)], CALLBACK_TOKENS: ['t'.repeat(32)] })
    const page = await browser.open(t, `${url}/?task=demo`, options)
    await shows(page, 'A valid ticket is required')
    return page
  },
  'not a task id': task(nothing, 'Not a task id', '?task=no%20id'),
  'unknown task': task(nothing, 'Listening for'),
  waiting,
  'waiting long': past([update('processing_validate', 95_000)], 'Still waiting'),
  overdue: past([
    update('processing_validate', 48_000),
    { event: 'task-overdue', ageMs: 18_000, more: { submittedAt: ago(48_000) } }
  ], 'No callback yet'),
  expired: async (t, browser, options) => {
    const { url } = await startRelay(t)
    await post(url, phraseReady('demo'))
    await fetch(`${url}/tasks/demo`, { method: 'DELETE' })
    const page = await browser.open(t, `${url}/?task=demo`, options)
    await shows(page, 'no longer kept')
    return page
  },
  phrase: phrase('Silver rivers hum below the hill'),
  'phrase about to expire': past([{ event: 'phrase-ready', ageMs: 140_000 }], 'left'),
  'phrase expired': past([{ event: 'phrase-ready', ageMs: 400_000 }], 'Probably expired'),
  'phrase of 500 characters': phrase(LONG_PHRASES['in Latin script']),
  'phrase in Arabic': phrase(LONG_PHRASES['in Arabic']),
  'phrase in Chinese': phrase(LONG_PHRASES['in Chinese']),
  'no phrase': task((url) => post(url, phraseFailed('demo')), 'No phrase'),
  voice: task((url) => post(url, voiceReady('demo'), { step: 'generate' }), 'The voice is ready'),
  'timed out': past([{ event: 'task-timeout', ageMs: 1000, more: { submittedAt: ago(600_000) } }], 'Timed out'),
  'many events': past([
    ...Array.from({ length: 12 }, (_, n) => update(`step_${n}`, 20_000 - n * 1000)),
    { event: 'phrase-ready', ageMs: 1000 }
  ], 'Read this aloud'),
  offline: (t, browser, options) => offline(t, browser, options),
  'offline with a phrase': (t, browser, options) => offline(t, browser, options, 'Silver rivers hum below the hill'),
  'server gone': async (t, browser, options) => {
    const { app, url } = await startRelay(t)
    const page = await browser.open(t, `${url}/?task=demo`, options)
    await page.locator('[data-state="live"]').waitFor()
    await app.close()
    await shows(page, 'The relay does not answer')
    return page
  }
}
