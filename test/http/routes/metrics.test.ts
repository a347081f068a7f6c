import t from 'tap'
import packageJson from '../../../package.json' with { type: 'json' }
import { RelayError } from '../../../src/errors.ts'
import { memoryStore } from '../../../src/store/memory/store.ts'
import { signTicket } from '../../../src/ticket.ts'
import { phraseReady, post } from '../../support/callbacks.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { startRelay } from '../../support/relay.ts'
import { dial } from '../../support/socket.ts'
import { watch } from '../../support/sse.ts'

async function read (url: string, headers: Record<string, string> = {}): Promise<string> {
  return (await fetch(`${url}/metrics`, { headers })).text()
}

/** Returns the refused reads by reason. */
async function refusals (url: string): Promise<Record<string, number>> {
  const counts = (await read(url)).matchAll(/^relay_reads_refused_total\{reason="(.*)"\} ([1-9]\d*)$/gm)
  return Object.fromEntries([...counts].map(([, reason, count]) => [reason, Number(count)]))
}

t.test('metrics: a store that does not answer delays them by three seconds at most', async t => {
  const store = memoryStore()
  const { url } = await mountRelay(t, { ...store, check: () => new Promise(() => {}) })
  const startedAt = Date.now()
  t.match(await read(url), /^relay_ready 0$/m)
  const ms = Date.now() - startedAt
  t.ok(ms > 2500 && ms < 6000, `${ms} ms`)
})

t.test('metrics: callbacks, events, commits, first writes and open streams are counted', async t => {
  const { url } = await startRelay(t)
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  await post(url, phraseReady('a'))
  await post(url, phraseReady('a'))
  await post(url, '{')
  await stream.next()

  const text = await read(url)

  t.match(text, /^relay_streams_open 1$/m)
  t.match(text, /^relay_callbacks_total\{outcome="kept"\} 1$/m)
  t.match(text, /^relay_callbacks_total\{outcome="duplicate"\} 1$/m)
  t.match(text, /^relay_callbacks_total\{outcome="BODY_NOT_JSON"\} 1$/m)
  t.match(text, /^relay_events_total\{event="phrase-ready"\} 1$/m)
  t.match(text, /^relay_commit_seconds_count 2$/m)
  t.match(text, /^relay_first_write_seconds_count 2$/m)
  t.match(text, /^relay_quarantine_size 0$/m)
  t.match(text, /^nodejs_eventloop_lag_p99_seconds \d/m)
  t.match(text, /^process_resident_memory_bytes \d/m)
})

t.test('metrics: a stream counts as open until it has ended, a held task read never counts', async t => {
  const { url } = await startRelay(t)
  const reading = fetch(`${url}/tasks/a?wait=20`)
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  t.match(await read(url), /^relay_streams_open 1$/m)
  stream.close()
  while (!/^relay_streams_open 0$/m.test(await read(url)));
  await post(url, phraseReady('a'))
  t.equal((await reading).status, 200)
})

t.test('metrics: METRICS_TOKEN is required if set', async t => {
  const { url } = await startRelay(t, { METRICS_TOKEN: 'open-sesame' })
  t.match(JSON.parse(await read(url)), { status: 401, code: 'METRICS_FORBIDDEN' })
  t.match(await read(url, { authorization: 'Bearer open-sesame' }), 'relay_streams_open')
})

t.test('metrics: commit sizes of a durable store are counted', async t => {
  const { url } = await startRelay(t, { STORE_URL: `sqlite:${t.testdir()}/relay.db` })
  await post(url, phraseReady('a'))
  t.match(await read(url), /^relay_commit_group_size_sum 1$/m)
})

t.test('metrics: an unavailable store hides only its own metric', async t => {
  const store = memoryStore()
  const list = async () => { throw new RelayError('STORE_UNAVAILABLE', 'Cannot use the store: the test says so') }
  const { url } = await mountRelay(t, { ...store, quarantine: { ...store.quarantine, list } })
  const text = await read(url)
  t.match(text, /^relay_quarantine_size Nan$/m)
  t.match(text, /^relay_streams_open 0$/m)
})

t.test('metrics: scrapes and the status of the operator share one write to the store', async t => {
  const store = memoryStore()
  let checks = 0
  const check = async (): Promise<void> => { checks++ }
  const { url } = await mountRelay(t, { ...store, check })
  for (let scrape = 0; scrape < 3; scrape++) t.match(await read(url), /^relay_ready 1$/m)
  t.match(await (await fetch(`${url}/admin/api/status`)).json(), { ready: true })
  t.equal(checks, 1)
})

t.test('metrics: readiness, version, last commit and bytes of the store are shown', async t => {
  const { url } = await startRelay(t, { STORE_URL: `sqlite:${t.testdir()}/relay.db` })
  t.match(await read(url), /^relay_last_commit_timestamp_seconds 0$/m)
  const before = Date.now() / 1000
  await post(url, phraseReady('a'))
  const text = await read(url)

  t.match(text, new RegExp(`^relay_build_info\\{version="${packageJson.version}"\\} 1$`, 'm'))
  t.match(text, /^relay_ready 1$/m)
  t.match(text, /^relay_store_bytes [1-9]\d{3,}$/m)
  const [, committed] = /^relay_last_commit_timestamp_seconds (.*)$/m.exec(text) ?? []
  t.ok(Number(committed) >= before)
})

t.test('metrics: a relay whose store fails is not ready', async t => {
  const store = memoryStore()
  const check = async () => { throw new RelayError('STORE_UNAVAILABLE', 'Cannot use the store: the test says so') }
  const { url } = await mountRelay(t, { ...store, check })
  t.match(await read(url), /^relay_ready 0$/m)
})

t.test('metrics: a relay that is stopping is not ready, and counts the browsers that it refuses', async t => {
  const { url, close } = await startRelay(t, { DRAIN_MS: 1000 })
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  const [browser, reader] = [await dial(t, url), await dial(t, url)]
  const closing = close()
  t.strictSame(await stream.rest(), ['closing'])

  browser.socket.write('GET /events/a HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
  await browser.ended()
  reader.socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const text = await reader.ended()
  t.match(text, /^relay_ready 0$/m)
  t.match(text, /^relay_reads_refused_total\{reason="DRAINING"\} 1$/m)
  await closing
})

const KEYS = { TICKET_KEYS: ['k'.repeat(32)] }
const LIMITS = ['MAX_STREAMS', 'MAX_STREAMS_PER_IP', 'MAX_STREAMS_PER_TASK']
const [past, future] = [new Date(1), new Date('2100-01-01')]

for (const setting of LIMITS) {
  for (const accept of ['*/*', 'text/event-stream']) {
    t.test(`metrics: a stream over ${setting} with Accept: ${accept} is counted`, async t => {
      const { url } = await startRelay(t, { [setting]: 1 })
      await (await watch(t, `${url}/events/a`)).next()
      await fetch(`${url}/events/a`, { headers: { accept } })
      t.strictSame(await refusals(url), { [setting]: 1 })
    })
  }
}

t.test('metrics: refused tickets are counted by reason', async t => {
  const { url } = await startRelay(t, KEYS)
  const [key] = KEYS.TICKET_KEYS as [string]
  const tickets = [
    '', 'x', await signTicket(key, ['a'], past), await signTicket('x'.repeat(32), ['a'], future),
    await signTicket(key, ['b'], future)
  ]
  for (const ticket of tickets) await fetch(`${url}/tasks/a?ticket=${ticket}`)
  t.strictSame(await refusals(url), { 'ticket-missing': 1, 'ticket-expired': 1, TICKET_INVALID: 2, TASK_FORBIDDEN: 1 })
})

t.test('metrics: other refused reads are counted by the code of the error', async t => {
  const { url } = await startRelay(t)
  await fetch(`${url}/tasks/a`)
  await fetch(`${url}/tasks/a?wait=x`)
  await fetch(`${url}/events/a`, { headers: { accept: 'text/html' } })
  t.strictSame(await refusals(url), { TASK_UNKNOWN: 1, REQUEST_INVALID: 1, NOT_ACCEPTABLE: 1 })
})
