import t from 'tap'
import { RelayError } from '../../../src/errors.ts'
import { memoryStore } from '../../../src/store/memory/store.ts'
import { phraseReady, post } from '../../support/callbacks.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { startRelay } from '../../support/relay.ts'
import { watch } from '../../support/sse.ts'

async function read (url: string, headers: Record<string, string> = {}): Promise<string> {
  return (await fetch(`${url}/metrics`, { headers })).text()
}

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
