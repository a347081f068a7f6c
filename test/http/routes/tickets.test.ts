import t from 'tap'
import { signTicket } from '../../../src/ticket.ts'
import { phraseReady, post } from '../../support/callbacks.ts'
import { startRelay } from '../../support/relay.ts'
import { inSeconds } from '../../support/signing.ts'
import { watch } from '../../support/sse.ts'

const KEY = 'the-one-key-of-this-relay-32-bytes-or-more'
const config = { TICKET_KEYS: [KEY] }
const sign = (task: string, expires = inSeconds(60)) => signTicket(KEY, [task], expires)

const ways: ReadonlyArray<[way: string, (ticket: string) => { query?: string, headers?: Record<string, string> }]> = [
  ['the Authorization header', (ticket) => ({ headers: { authorization: `Bearer ${ticket}` } })],
  ['the Authorization header in lower case', (ticket) => ({ headers: { authorization: `bearer ${ticket}` } })],
  ['the query', (ticket) => ({ query: `?ticket=${ticket}` })],
  [
    'the query, next to the scheme of a proxy',
    (ticket) => ({ query: `?ticket=${ticket}`, headers: { authorization: 'Basic dTpw' } })
  ],
  ['the cookie', (ticket) => ({ headers: { cookie: `ticket=${ticket}` } })],
  ['the cookie among others', (ticket) => ({ headers: { cookie: `myticket=x; ticket=${ticket}; last=1` } })]
]

for (const [way, carry] of ways) {
  t.test(`a ticket opens stream and task through ${way}`, async t => {
    const { url } = await startRelay(t, config)
    await post(url, phraseReady('a'))
    const { query = '', headers = {} } = carry(await sign('a'))

    t.equal((await (await watch(t, `${url}/events/a${query}`, headers)).next()).event, 'subscribed')
    t.equal((await fetch(`${url}/tasks/a${query}`, { headers })).status, 200)
    t.equal((await fetch(`${url}/events/a${query}`, { headers, method: 'HEAD' })).status, 200)
  })

  t.test(`a ticket for another task opens nothing through ${way}`, async t => {
    const { url } = await startRelay(t, config)
    const { query = '', headers = {} } = carry(await sign('b'))

    for (const path of ['events/a', 'tasks/a']) {
      const response = await fetch(`${url}/${path}${query}`, { headers })
      t.equal(response.status, 403)
      t.match(await response.json(), { code: 'TASK_FORBIDDEN' })
    }
    t.equal((await fetch(`${url}/events/a${query}`, { headers, method: 'HEAD' })).status, 403)
  })
}

t.test('without a ticket, stream and task are a 401 with WWW-Authenticate', async t => {
  const { url } = await startRelay(t, config)

  for (const path of ['events/a', 'tasks/a', 'tasks/a?wait=60']) {
    const response = await fetch(`${url}/${path}`)
    t.equal(response.status, 401)
    t.equal(response.headers.get('www-authenticate'), 'Bearer')
    t.match(await response.json(), { code: 'TICKET_INVALID' })
  }
})

t.test('a repeated ticket is refused', async t => {
  const { url } = await startRelay(t, config)
  const ticket = await sign('a')

  t.equal((await fetch(`${url}/events/a?ticket=${ticket}&ticket=${ticket}`)).status, 400)
})

t.test('a stream ends with `closing` when its ticket expires', async t => {
  const { url } = await startRelay(t, config)
  const expires = inSeconds(1)
  const stream = await watch(t, `${url}/events/a?ticket=${await sign('a', expires)}`)
  await stream.next()

  const closing = await stream.next()

  t.match(closing, { event: 'closing', data: { reason: 'ticket-expired' } })
  t.ok(Date.now() >= expires.getTime(), 'not before')
  t.strictSame(await stream.rest(), [])
})

t.test('a stream with a ticket for a century stays open', async t => {
  const { url } = await startRelay(t, { ...config, KEEP_ALIVE_MS: 0 })
  const lasting = await watch(t, `${url}/events/a?ticket=${await sign('a', inSeconds(3_155_760_000))}`)
  await lasting.next()
  const brief = await watch(t, `${url}/events/a?ticket=${await sign('a', inSeconds(1))}`)
  t.strictSame(await brief.rest(), ['subscribed', 'closing'])

  await post(url, phraseReady('a'))

  t.equal((await lasting.next()).event, 'phrase-ready')
})

t.test('a held task read ends when its ticket expires', async t => {
  const { url } = await startRelay(t, config)

  const response = await fetch(`${url}/tasks/a?wait=60&ticket=${await sign('a', inSeconds(1))}`)

  t.equal(response.status, 204)
})
