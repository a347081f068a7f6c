import Fastify from 'fastify'
import t from 'tap'
import { normalizeQuery, readCursor } from '../../../src/http/streams/query.ts'

const app = Fastify()
app.addHook('preValidation', normalizeQuery)
app.get('/', async (request) => ({ query: request.query, cursor: readCursor(request) ?? null }))

async function read (query: string, header?: string) {
  const headers = header === undefined ? {} : { 'last-event-id': header }
  const response = await app.inject({ url: `/?${query}`, headers })
  return response.json() as { query: unknown, cursor: string | null }
}

for (const [query, expected] of [
  ['', {}],
  ['a=1&b=2', { a: '1', b: '2' }],
  ['a=1&a=2', { a: '2' }],
  ['a=1&a=', { a: '1' }],
  ['a=&b=&b=', {}],
  ['ticket=1&ticket=2', { ticket: ['1', '2'] }],
  ['lastEventID=1', { lastEventId: '1' }],
  ['last_event_id=1', { lastEventId: '1' }],
  ['Last-Event-ID=1', { lastEventId: '1' }],
  ['evs_last_event_id=1', { lastEventId: '1' }],
  ['evs_last_event_id=1&lastEventId=2', { lastEventId: '2' }],
  ['lastEventId=1&last_event_id=2&last_event_id=', { lastEventId: '2' }],
  ['myLastEventId=1&lastEventIds=2', { myLastEventId: '1', lastEventIds: '2' }],
  ['__proto__=1&constructor=2', { ['__proto__']: '1', constructor: '2' }]
] as const) {
  t.test(`normalizeQuery() of "${query}"`, async t => {
    t.equal(JSON.stringify((await read(query)).query), JSON.stringify(expected))
  })
}

t.test('readCursor() reads the header, else the query', async t => {
  t.equal((await read('')).cursor, null)
  t.equal((await read('last_event_id=a.1')).cursor, 'a.1')
  t.equal((await read('last_event_id=a.1', '')).cursor, 'a.1')
  t.equal((await read('last_event_id=a.1', ' a.2 ')).cursor, 'a.2')
})

t.test('readCursor() reads the last value of a repeated header', async t => {
  t.equal((await read('', 'a.1, a.2')).cursor, 'a.2')
  t.equal((await read('lastEventId=a.1', ',')).cursor, 'a.1')
})
