import t from 'tap'
import { WatchRefused } from '../../src/client/index.ts'
import { answer, cutStream, frame, hello, startServer, stream, task, type Handler } from '../support/server.ts'
import { nextIds, watchA } from '../support/watching.ts'

/** Lets those in who have this ticket. */
function guarded (ticket: string, handler: Handler): Handler {
  return (request, response) => (request.headers.authorization === `Bearer ${ticket}` ? handler : answer(401, { code: 'TICKET_INVALID', detail: 'who?' }))(request, response)
}

const events = stream(hello('e.0'), frame('e.1'))

for (const status of [400, 401, 403, 404, 410]) {
  t.test(`watchTask: a ${status} ends the watch at once`, async t => {
    const { url, requests } = await startServer(t, answer(status, { code: 'NO', detail: 'you may not' }))

    await t.rejects(watchA(t, url).next(), { name: 'WatchRefused', status, code: 'NO', message: `Cannot watch the task: status ${status}: you may not` })
    t.equal(requests.length, 1)
  })
}

t.test('watchTask: a refusal that is no relay\'s ends the watch as well', async t => {
  const { url } = await startServer(t, (_request, response) => response.writeHead(404).end('nothing here'))

  await t.rejects(watchA(t, url).next(), { status: 404, code: undefined, message: 'Cannot watch the task: status 404: expected a relay' })
})

for (const status of [408, 429]) {
  t.test(`watchTask: a ${status} passes`, async t => {
    const { url } = await startServer(t, answer(status), answer(200, task('e.1')))

    t.strictSame(await nextIds(watchA(t, url), 1), ['e.1'])
  })
}

t.test('watchTask: a ticket is sent in a header, never in the URL', async t => {
  const { url, requests } = await startServer(t, guarded('one', events))

  t.strictSame(await nextIds(watchA(t, url, { ticket: 'one' }), 1), ['e.1'])
  t.strictSame(requests, ['/events/a?replay=latest&lastEventId='])
})

t.test('watchTask: a ticket that is refused cannot be renewed when it is text', async t => {
  const { url } = await startServer(t, guarded('one', events))

  await t.rejects(watchA(t, url, { ticket: 'two' }).next(), { name: 'WatchRefused', status: 401, code: 'TICKET_INVALID' })
})

t.test('watchTask: a function gives one ticket until it has expired', async t => {
  const { url } = await startServer(t, guarded('1', cutStream(hello('e.0'), frame('e.1'))), guarded('1', cutStream(hello('e.1'), frame('e.2'))), guarded('2', stream(hello('e.2'), frame('e.3'))))
  let tickets = 0

  t.strictSame(await nextIds(watchA(t, url, { ticket: () => String(++tickets) }), 3), ['e.1', 'e.2', 'e.3'])
  t.equal(tickets, 2)
})

t.test('watchTask: a stream that closes for its ticket goes on with a fresh one', async t => {
  const { url, requests } = await startServer(t, guarded('1', cutStream(hello('e.0'), frame('e.1'), frame('', 'closing', { reason: 'ticket-expired' }))), guarded('2', stream(hello('e.1'), frame('e.2'))))
  let tickets = 0

  t.strictSame(await nextIds(watchA(t, url, { ticket: async () => String(++tickets) }), 2), ['e.1', 'e.2'])
  t.equal(requests.length, 2)
})

t.test('watchTask: a stream that closes for another reason keeps its ticket', async t => {
  const { url } = await startServer(t, guarded('1', cutStream(hello('e.0'), frame('e.1'), frame('', 'closing', { reason: 'drain' }))), guarded('1', stream(hello('e.1'), frame('e.2'))))
  let tickets = 0

  t.strictSame(await nextIds(watchA(t, url, { ticket: () => String(++tickets) }), 2), ['e.1', 'e.2'])
  t.equal(tickets, 1)
})

t.test('watchTask: a fresh ticket that is refused ends the watch', async t => {
  const { url, requests } = await startServer(t, guarded('none', events))

  await t.rejects(watchA(t, url, { ticket: () => 'fresh' }).next(), { name: 'WatchRefused', status: 401 })
  t.equal(requests.length, 1)
})

t.test('watchTask: a function that fails is asked again', async t => {
  const { url } = await startServer(t, guarded('2', answer(200, task('e.1'))))
  let calls = 0
  function ticket (): string {
    calls += 1
    if (calls === 1) throw new Error('offline')
    return String(calls)
  }

  t.strictSame(await nextIds(watchA(t, url, { ticket }), 1), ['e.1'])
})

t.test('watchTask: a function ends the watch with a WatchRefused', async t => {
  const { url, requests } = await startServer(t, events)
  const refused = new WatchRefused(401, 'LOGGED_OUT', 'log in')

  await t.rejects(watchA(t, url, { ticket () { throw refused } }).next(), refused)
  t.strictSame(requests, [])
})
