import { createRequire } from 'node:module'
import { join } from 'node:path'
import { EventSource as NpmEventSource } from 'eventsource'
import { createEventSource } from 'eventsource-client'
import t from 'tap'
import { EventSource as UndiciEventSource } from 'undici'
import { watchTask } from '../../src/client/index.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { freePort } from '../support/port.ts'
import { startProcess } from '../support/process.ts'
import { temporaryFolder } from '../support/relay.ts'

// Its ES modules import each other without file extensions, which only bundlers resolve.
type FetchEventSource = typeof import('@microsoft/fetch-event-source')
const { fetchEventSource } = createRequire(import.meta.url)('@microsoft/fetch-event-source') as FetchEventSource

/** Calls back with every phrase at `url` + `/events/a`. Returns a function that ends the watch. */
type Client = (url: string, phrase: (id: string | undefined, validateInfo: string) => void) => () => void

/** Part of the standard's interface. */
interface StandardEventSource {
  addEventListener (event: string, listener: (event: { lastEventId: string, data: string }) => void): void
  close (): void
}

function standard (Source: new (url: string) => unknown): Client {
  return (url, phrase) => {
    const source = new Source(`${url}/events/a`) as StandardEventSource
    source.addEventListener('phrase-ready', ({ lastEventId, data }) => {
      phrase(lastEventId, JSON.parse(data).validateInfo)
    })
    return () => { source.close() }
  }
}

const clients: Record<string, Client | undefined> = {
  'phrase-relay/client': (url, phrase) => {
    const events = watchTask(url, 'a')
    async function follow (): Promise<void> {
      for await (const { id, data } of events) phrase(id, data.validateInfo as string)
    }
    follow()
    return () => { events.return() }
  },
  'npm eventsource': standard(NpmEventSource),
  'undici\'s EventSource': standard(UndiciEventSource),
  'the runtime\'s own EventSource': 'EventSource' in globalThis ? standard(globalThis.EventSource) : undefined,
  'eventsource-client': (url, phrase) => {
    const client = createEventSource({
      url: `${url}/events/a`,
      onMessage ({ id, event, data }) { if (event === 'phrase-ready') phrase(id, JSON.parse(data).validateInfo) }
    })
    return () => { client.close() }
  },
  '@microsoft/fetch-event-source': (url, phrase) => {
    // The library supports browsers only.
    Object.assign(globalThis, { window: globalThis, document: { removeEventListener () {} } })
    const abort = new AbortController()
    fetchEventSource(`${url}/events/a`, {
      signal: abort.signal,
      openWhenHidden: true,
      onmessage ({ id, event, data }) { if (event === 'phrase-ready') phrase(id, JSON.parse(data).validateInfo) },
      // Without an error, the library takes the end of a stream for the end of the watch.
      onclose () { throw new Error('again') }
    })
    return () => { abort.abort() }
  }
}

for (const [name, client] of Object.entries(clients)) {
  const skip = client ? false : 'not in this runtime'
  t.test(`${name} gets each phrase once, across a restart`, { skip }, async t => {
    const STORE_URL = `sqlite:${join(temporaryFolder(t), 'relay.db')}`
    const first = await startProcess(t, { STORE_URL, RETRY_MS: '100', PORT: String(await freePort()) })
    const phrases: Array<[string | undefined, string]> = []
    const got = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const end = client?.(first.url, (id, phrase) => { got[phrases.push([id, phrase]) - 1]?.resolve() })
    t.teardown(() => end?.())

    const one = await post(first.url, phraseReady('a', 'one'))
    await got[0]?.promise
    t.equal(await first.kill(), 0)
    const second = await startProcess(t, { STORE_URL, PORT: new URL(first.url).port })
    const two = await post(second.url, phraseReady('a', 'two'))
    await got[1]?.promise

    t.strictSame(phrases, [[one.json.eventId, 'one'], [two.json.eventId, 'two']])
  })
}
