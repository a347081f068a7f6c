import { join } from 'node:path'
import { EventSource as NpmEventSource } from 'eventsource'
import t, { type Test } from 'tap'
import { EventSource as UndiciEventSource } from 'undici'
import { noChromium, startChromium } from '../support/chromium.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { freePort } from '../support/port.ts'
import { startProcess } from '../support/process.ts'
import { temporaryFolder } from '../support/relay.ts'

const QUERY = '/events?task=a&task=b&task=c'

/** Receives the task and the phrase of an event. */
type Receive = (taskId: string, phrase: string) => void
/** Watches three tasks. */
type Watch = (t: Test, url: string, receive: Receive) => Promise<void>

/** Part of the standard's interface. */
interface StandardEventSource {
  addEventListener (event: string, listener: (event: { data: string }) => void): void
  close (): void
}

function standard (Source: new (url: string) => unknown): Watch {
  return async (t, url, receive) => {
    const source = new Source(url + QUERY) as StandardEventSource
    t.teardown(() => { source.close() })
    source.addEventListener('phrase-ready', ({ data }) => {
      const { taskId, validateInfo } = JSON.parse(data)
      receive(taskId, validateInfo)
    })
  }
}

const chromium = noChromium ? undefined : await startChromium(t)

async function watchInChromium (t: Test, url: string, receive: Receive): Promise<void> {
  const page = await (chromium as NonNullable<typeof chromium>).open(t, `${url}/`)
  await page.exposeFunction('receive', receive)
  await page.evaluate((query) => {
    new EventSource(query).addEventListener('phrase-ready', ({ data }) => {
      const { taskId, validateInfo } = JSON.parse(data)
      Object(globalThis).receive(taskId, validateInfo)
    })
  }, QUERY)
}

const clients: ReadonlyArray<[name: string, watch: Watch, skip?: string | false]> = [
  ['npm eventsource', standard(NpmEventSource)],
  ['undici\'s EventSource', standard(UndiciEventSource)],
  ['Chromium', watchInChromium, noChromium]
]

for (const [name, watch, skip = false] of clients) {
  t.test(`several tasks: ${name} gets each phrase once and in order per task, across a restart`, { skip }, async t => {
    const STORE_URL = `sqlite:${join(temporaryFolder(t), 'relay.db')}`
    const first = await startProcess(t, { STORE_URL, RETRY_MS: '100', PORT: String(await freePort()) })
    const phrases: Record<string, string[]> = { a: [], b: [], c: [] }
    let changed = Promise.withResolvers<void>()
    const count = () => Object.values(phrases).flat().length
    async function until (wanted: number): Promise<void> {
      while (count() < wanted) {
        await changed.promise
        changed = Promise.withResolvers()
      }
    }
    await post(first.url, phraseReady('a', 'a1'))
    await watch(t, first.url, (taskId, phrase) => {
      phrases[taskId]?.push(phrase)
      changed.resolve()
    })
    await until(1)
    await post(first.url, phraseReady('b', 'b1'))
    await until(2)

    t.equal(await first.kill(), 0)
    const second = await startProcess(t, { STORE_URL, PORT: new URL(first.url).port })
    for (const phrase of ['b2', 'a2', 'a3', 'c1']) await post(second.url, phraseReady(phrase.charAt(0), phrase))
    await until(6)

    t.strictSame(phrases, { a: ['a1', 'a2', 'a3'], b: ['b1', 'b2'], c: ['c1'] })
  })
}
