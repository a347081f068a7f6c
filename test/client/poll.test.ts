import t from 'tap'
import type { Fetch } from '../../src/client/index.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { startRelay } from '../support/relay.ts'
import { answer, startServer, task } from '../support/server.ts'
import { nextEvent, nextIds, watchA } from '../support/watching.ts'

/** A `fetch` like that of React Native, whose responses have no body to stream. */
const streamless: Fetch = async (url, init) => {
  if (!url.includes('/events/')) return fetch(url, init)
  return { ok: true, status: 200, headers: new Headers({ 'content-type': 'text/event-stream' }) } as Response
}

t.test('watchTask without streams: waits for the phrase, and for the next one', async t => {
  const { url } = await startRelay(t)
  const events = watchA(t, url, { fetch: streamless })
  const next = nextEvent(events)

  const one = await post(url, phraseReady('a', 'one'))
  t.equal((await next).id, one.json.eventId)
  const two = await post(url, phraseReady('a', 'two'))
  t.equal((await nextEvent(events)).id, two.json.eventId)
})

t.test('watchTask without streams: starts with the newest event', async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a', 'one'))
  const { json } = await post(url, phraseReady('a', 'two'))

  t.equal((await nextEvent(watchA(t, url, { fetch: streamless }))).id, json.eventId)
})

t.test('watchTask without streams: starts with the newest event of a task of several pages', async t => {
  const page = { ...task('e.1', 'e.2'), lastEventId: 'e.9' }
  const { url, requests } = await startServer(t, answer(200, page), answer(200, task('e.9')))
  const events = watchA(t, url, { fetch: streamless, onGap () { t.fail('no event is missing') } })

  t.strictSame(await nextIds(events, 1), ['e.9'])
  t.match(requests[1], 'after=e.8')
})

t.test('watchTask without streams: replay all starts with the first event that is kept', async t => {
  const { url } = await startRelay(t)
  const { json } = await post(url, phraseReady('a', 'one'))
  await post(url, phraseReady('a', 'two'))

  t.equal((await nextEvent(watchA(t, url, { fetch: streamless, replay: 'all' }))).id, json.eventId)
})

t.test('watchTask without streams: replay none starts with the next event', async t => {
  const { url, requests } = await startServer(t, answer(200, task('e.1', 'e.2')), answer(200, task('e.3')))

  t.strictSame(await nextIds(watchA(t, url, { fetch: streamless, replay: 'none' }), 1), ['e.3'])
  t.match(requests, ['wait=0.001&after=', 'wait=25&after=e.2'])
})

t.test('watchTask without streams: replay none delivers the first event of an unknown task', async t => {
  const { url, requests } = await startServer(t, answer(204), answer(200, task('e.1')))

  t.strictSame(await nextIds(watchA(t, url, { fetch: streamless, replay: 'none' }), 1), ['e.1'])
  t.match(requests[1], 'wait=25&after=')
})

t.test('watchTask without streams: requests JSON again after a failure', async t => {
  const { url, requests } = await startServer(t, answer(503), answer(200, task('e.1')))

  t.strictSame(await nextIds(watchA(t, url, { fetch: streamless }), 1), ['e.1'])
  t.equal(requests.length, 2)
})

t.test('watchTask on a platform without bodies: never requests a stream', async t => {
  const body = Object.getOwnPropertyDescriptor(Response.prototype, 'body') as PropertyDescriptor
  t.teardown(() => Object.defineProperty(Response.prototype, 'body', body))
  const { url, requests } = await startServer(t, answer(200, task('e.1')))
  Reflect.deleteProperty(Response.prototype, 'body')

  t.strictSame(await nextIds(watchA(t, url), 1), ['e.1'])
  t.match(requests[0], '/tasks/')
})
