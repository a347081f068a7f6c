import t from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { startRelay } from '../support/relay.ts'
import { watch } from '../support/sse.ts'

t.test('events: who waits gets the phrase at once', async t => {
  const { url } = await startRelay(t)
  const stream = await watch(t, `${url}/events/a`)
  const hello = await stream.next()

  const { json } = await post(url, phraseReady('a', 'Read me'))
  const event = await stream.next()

  t.equal(hello.event, 'subscribed')
  t.equal(event.event, 'phrase-ready')
  t.equal(event.id, json.eventId)
  t.equal(event.data.validateInfo, 'Read me')
})
