import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { signTicket } from '../../src/ticket.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { noChromium, startChromium } from '../support/chromium.ts'
import { startProcess } from '../support/process.ts'
import { inSeconds } from '../support/signing.ts'

const skip = noChromium
const { open } = skip ? {} as never : await startChromium(t)

const KEY = 'k'.repeat(32)

const ticketFor = (taskId: string, seconds: number) => signTicket(KEY, [taskId], inSeconds(seconds))

/** An app on its own origin. Its backend signs tickets at `/ticket`: the first for 5 s, later ones for 60 s. */
async function startApp (t: Test): Promise<string> {
  let seconds = 5
  const server = createServer(async (request, response) => {
    if (request.url === '/ticket') {
      response.end(await ticketFor('a', seconds))
      seconds = 60
    } else response.setHeader('content-type', 'text/html').end('<!doctype html><title>An app</title>')
  })
  t.teardown(() => { server.close() })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('a browser: only pages of an allowed origin get the phrase', { skip }, async t => {
  const [ours, theirs] = await Promise.all([startApp(t), startApp(t)])
  const { url } = await startProcess(t, { CORS_ORIGINS: ours })
  await post(url, phraseReady('a'))

  async function phraseAt (origin: string): Promise<unknown> {
    const page = await open(t, origin)
    return page.evaluate((url) => new Promise((resolve) => {
      const source = new EventSource(url)
      source.addEventListener('phrase-ready', ({ data }) => { resolve(JSON.parse(data).validateInfo) })
      source.addEventListener('error', () => { resolve(source.readyState) })
    }), `${url}/events/a`)
  }

  t.equal(await phraseAt(ours), 'Silver rivers hum below the hill')
  t.equal(await phraseAt(theirs), 2, 'closed for good')
})

t.test('a browser: renews an expired ticket, and gets each event once', { skip }, async t => {
  const app = await startApp(t)
  const { url } = await startProcess(t, { CORS_ORIGINS: app, TICKET_KEYS: KEY })
  await post(url, phraseReady('a', 'First'))
  const page = await open(t, app)
  await page.exposeFunction('postSecond', () => post(url, phraseReady('a', 'Second')))

  const seen = await page.evaluate((url) => new Promise((resolve) => {
    const seen: string[] = []
    async function watch (cursor: string): Promise<void> {
      const ticket = await (await fetch('/ticket')).text()
      const source = new EventSource(`${url}?${new URLSearchParams({ ticket, lastEventId: cursor })}`)
      source.addEventListener('phrase-ready', ({ data, lastEventId }) => {
        cursor = lastEventId
        seen.push(JSON.parse(data).validateInfo)
        if (seen.at(-1) === 'Second') resolve(seen)
      })
      source.addEventListener('closing', ({ data }) => {
        source.close()
        seen.push(JSON.parse(data).reason)
        ;(globalThis as any).postSecond()
        watch(cursor)
      })
    }
    watch('')
  }), `${url}/events/a`)

  t.strictSame(seen, ['First', 'ticket-expired', 'Second'])
})

t.test('the page: asks for a ticket, and for another one after it expires, and resumes', { skip }, async t => {
  const { url } = await startProcess(t, { TICKET_KEYS: KEY, RETRY_MS: '50' })
  await post(url, phraseReady('a', 'First'))
  const page = await open(t, `${url}/?task=a`)
  const shows = (text: string) => page.locator('#text', { hasText: text }).waitFor()
  async function give (ticket: string): Promise<void> {
    await page.getByLabel('Ticket').fill(ticket)
    await page.keyboard.press('Enter')
  }

  await shows('A valid ticket is required')
  await give(await ticketFor('b', 60))
  await shows('The ticket is for other tasks')
  await give(await ticketFor('a', 5))
  await shows('First')
  await shows('A valid ticket is required')
  await give(await ticketFor('a', 60))
  await shows('First')
  await post(url, phraseReady('a', 'Second'))
  await shows('Second')

  const names = await page.locator('#events strong').allTextContents()
  t.strictSame(names, ['phrase-ready', 'subscribed', 'closing', 'subscribed', 'phrase-ready'])
})
