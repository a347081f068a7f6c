import t from 'tap'
import { waitForPhrase } from '../../src/client/index.ts'
import { signTicket } from '../../src/ticket.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { startRelay } from '../support/relay.ts'
import { inSeconds } from '../support/signing.ts'
import { nextEvent, watchA } from '../support/watching.ts'

const KEY = 'a-key-of-the-relay-of-32-bytes-or-more'
const config = { TICKET_KEYS: [KEY], RETRY_MS: 100 }
const ticketFor = (seconds: number, task = 'a') => signTicket(KEY, [task], inSeconds(seconds))

t.test('watchTask: renews a ticket that expires during a stream, and misses no event', async t => {
  const { url } = await startRelay(t, config)
  const renewed = Promise.withResolvers<void>()
  let tickets = 0
  const events = watchA(t, url, {
    async ticket () {
      tickets += 1
      if (tickets === 2) renewed.resolve()
      return ticketFor(tickets === 1 ? 1 : 60)
    }
  })
  const next = nextEvent(events)
  const one = await post(url, phraseReady('a', 'one'))
  t.equal((await next).id, one.json.eventId)

  const after = nextEvent(events)
  await renewed.promise
  const two = await post(url, phraseReady('a', 'two'))

  t.equal((await after).id, two.json.eventId)
  t.equal(tickets, 2)
})

t.test('watchTask: a missing ticket ends the watch', async t => {
  const { url } = await startRelay(t, config)

  await t.rejects(watchA(t, url).next(), { name: 'WatchRefused', status: 401, code: 'TICKET_INVALID' })
})

t.test('waitForPhrase: a ticket for another task ends the wait', async t => {
  const { url } = await startRelay(t, config)

  const ticket = await ticketFor(60, 'b')

  await t.rejects(waitForPhrase(url, 'a', { ticket }), { name: 'WatchRefused', status: 403, code: 'TASK_FORBIDDEN' })
})

t.test('waitForPhrase: an invalid task id ends the wait', async t => {
  const { url } = await startRelay(t)

  await t.rejects(waitForPhrase(url, 'a/b'), { name: 'WatchRefused', status: 400, code: 'REQUEST_INVALID' })
})

t.test('waitForPhrase: an address without a relay ends the wait', async t => {
  const { url } = await startRelay(t)

  await t.rejects(waitForPhrase(`${url}/elsewhere`, 'a'), { name: 'WatchRefused', status: 404, code: 'NOT_FOUND' })
})
