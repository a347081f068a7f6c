import t from 'tap'
import { WatchRefused } from '../../src/client/index.ts'
import { answer, cutStream, frame, hello, startServer, stream, task, type Handler } from '../support/server.ts'
import { nextIds, watchA } from '../support/watching.ts'

/** Requires a ticket: answers 401 to requests without it. */
function guarded (ticket: string, handler: Handler): Handler {
  return (request, response) => {
    if (request.headers.authorization === `Bearer ${ticket}`) handler(request, response)
    else answer(401, { code: 'TICKET_INVALID', detail: 'no valid ticket' })(request, response)
  }
}

/** A stream with one event that the server closes. */
function closing (id: string, reason: string): Handler {
  return cutStream(hello('e.0'), frame(id), frame('', 'closing', { reason }))
}

const events = stream(hello('e.0'), frame('e.1'))

for (const status of [400, 401, 403, 404, 410]) {
  t.test(`watchTask: a ${status} ends the watch at once`, async t => {
    const { url, requests } = await startServer(t, answer(status, { code: 'NO', detail: 'not allowed' }))
    const message = `Cannot watch the task: status ${status}: not allowed`

    await t.rejects(watchA(t, url).next(), { name: 'WatchRefused', status, code: 'NO', message })
    t.equal(requests.length, 1)
  })
}

t.test('watchTask: a refusal of another server ends the watch', async t => {
  const { url } = await startServer(t, (_request, response) => response.writeHead(404).end('nothing here'))

  const message = 'Cannot watch the task: status 404: the answer is not from a relay'

  await t.rejects(watchA(t, url).next(), { status: 404, code: undefined, message })
})

for (const status of [408, 429]) {
  t.test(`watchTask: a ${status} is retried`, async t => {
    const { url } = await startServer(t, answer(status), answer(200, task('e.1')))

    t.strictSame(await nextIds(watchA(t, url), 1), ['e.1'])
  })
}

t.test('watchTask: a ticket is sent in a header, never in the URL', async t => {
  const { url, requests } = await startServer(t, guarded('one', events))

  t.strictSame(await nextIds(watchA(t, url, { ticket: 'one' }), 1), ['e.1'])
  t.strictSame(requests, ['/events/a?replay=latest&lastEventId='])
})

t.test('watchTask: a refused ticket ends the watch if it is a string', async t => {
  const { url } = await startServer(t, guarded('one', events))

  const refused = { name: 'WatchRefused', status: 401, code: 'TICKET_INVALID' }

  await t.rejects(watchA(t, url, { ticket: 'two' }).next(), refused)
})

t.test('watchTask: a ticket of a function is used until it has expired', async t => {
  const { url } = await startServer(t,
    guarded('1', cutStream(hello('e.0'), frame('e.1'))),
    guarded('1', cutStream(hello('e.1'), frame('e.2'))),
    guarded('2', stream(hello('e.2'), frame('e.3')))
  )
  let tickets = 0

  t.strictSame(await nextIds(watchA(t, url, { ticket: () => String(++tickets) }), 3), ['e.1', 'e.2', 'e.3'])
  t.equal(tickets, 2)
})

t.test('watchTask: fetches a new ticket after a stream closes because its ticket expired', async t => {
  const resumed = stream(hello('e.1'), frame('e.2'))
  const { url, requests } = await startServer(t, guarded('1', closing('e.1', 'ticket-expired')), guarded('2', resumed))
  let tickets = 0

  t.strictSame(await nextIds(watchA(t, url, { ticket: async () => String(++tickets) }), 2), ['e.1', 'e.2'])
  t.equal(requests.length, 2)
})

t.test('watchTask: keeps the ticket after a stream closes for another reason', async t => {
  const resumed = stream(hello('e.1'), frame('e.2'))
  const { url } = await startServer(t, guarded('1', closing('e.1', 'drain')), guarded('1', resumed))
  let tickets = 0

  t.strictSame(await nextIds(watchA(t, url, { ticket: () => String(++tickets) }), 2), ['e.1', 'e.2'])
  t.equal(tickets, 1)
})

t.test('watchTask: a refused new ticket ends the watch', async t => {
  const { url, requests } = await startServer(t, guarded('none', events))

  await t.rejects(watchA(t, url, { ticket: () => 'fresh' }).next(), { name: 'WatchRefused', status: 401 })
  t.equal(requests.length, 1)
})

t.test('watchTask: a ticket function that throws is called again', async t => {
  const { url } = await startServer(t, guarded('2', answer(200, task('e.1'))))
  let calls = 0
  function ticket (): string {
    calls += 1
    if (calls === 1) throw new Error('offline')
    return String(calls)
  }

  t.strictSame(await nextIds(watchA(t, url, { ticket }), 1), ['e.1'])
})

t.test('watchTask: a ticket function that throws a WatchRefused ends the watch', async t => {
  const { url, requests } = await startServer(t, events)
  const refused = new WatchRefused(401, 'LOGGED_OUT', 'log in')

  await t.rejects(watchA(t, url, { ticket () { throw refused } }).next(), refused)
  t.strictSame(requests, [])
})
