import t from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { startRelay } from '../support/relay.ts'
import { answer, cutStream, endedStream, frame, hello, nothing, startServer, stream, task, type Handler } from '../support/server.ts'
import { nextEvent, nextIds, watchA } from '../support/watching.ts'

/** Passes JSON on to a relay, and holds streams back for ever. */
function bufferingProxy (url: string): Handler {
  return async (request, response) => {
    if (request.url?.startsWith('/events/')) return
    const upstream = await fetch(url + request.url)
    response.writeHead(upstream.status, { 'content-type': 'application/json' }).end(await upstream.text())
  }
}

t.test('watchTask: a proxy that holds streams back is got around', async t => {
  const relay = await startRelay(t)
  const { url } = await startServer(t, bufferingProxy(relay.url))
  const events = watchA(t, url, { firstFrameMs: 100 })
  const next = nextEvent(events)

  const one = await post(relay.url, phraseReady('a', 'one'))
  t.equal((await next).id, one.json.eventId)
  const two = await post(relay.url, phraseReady('a', 'two'))
  t.equal((await nextEvent(events)).id, two.json.eventId)
})

t.test('watchTask: a stream whose head comes and whose frames do not is got around', async t => {
  const { url } = await startServer(t, stream(':held back'), answer(200, task('e.1', 'e.2')))

  t.strictSame(await nextIds(watchA(t, url, { firstFrameMs: 500 }), 1), ['e.2'])
})

t.test('watchTask: a frame that was cut is had again, and the one before it is not', async t => {
  const { url, requests } = await startServer(t, cutStream(hello('e.0'), frame('e.1'), 'event:task-update\nda'), stream(hello('e.1'), frame('e.2')))

  t.strictSame(await nextIds(watchA(t, url), 2), ['e.1', 'e.2'])
  t.match(requests[1], 'lastEventId=e.1')
})

t.test('watchTask: an event that comes twice is handed over once', async t => {
  const { url } = await startServer(t, endedStream(hello('e.0'), frame('e.1'), frame('e.1'), frame('e.2'), frame('e.1')), stream(hello('e.0'), frame('e.2'), frame('e.3')))

  t.strictSame(await nextIds(watchA(t, url), 3), ['e.1', 'e.2', 'e.3'])
})

t.test('watchTask: an event without an id is passed over', async t => {
  const { url } = await startServer(t, stream(hello('e.0'), frame(''), frame('e.1')))

  t.strictSame(await nextIds(watchA(t, url), 1), ['e.1'])
})

t.test('watchTask: a stream that falls silent is left, and the next goes on', async t => {
  const { url, requests } = await startServer(t, stream(hello('e.0'), frame('e.1')), stream(hello('e.1'), frame('e.2')))

  t.strictSame(await nextIds(watchA(t, url, { silenceMs: 100 }), 2), ['e.1', 'e.2'])
  t.match(requests[1], 'lastEventId=e.1')
})

t.test('watchTask: a refusal with a long wait is waited out', async t => {
  const { url } = await startServer(t, endedStream('retry:300\n\n'), answer(200, task('e.1')))
  const start = Date.now()
  const failures: string[] = []

  t.strictSame(await nextIds(watchA(t, url, { onFailure ({ message }) { failures.push(message) } }), 1), ['e.1'])
  t.ok(Date.now() - start >= 300)
  t.strictSame(failures, ['Cannot watch the task: no frame came'])
})

t.test('watchTask: asks for JSON, then for a stream again, when the server answers 503', async t => {
  const { url, requests } = await startServer(t, answer(503, {}, { 'retry-after': '1' }), answer(503), stream(hello('e.0'), frame('e.1')))

  t.strictSame(await nextIds(watchA(t, url), 1), ['e.1'])
  t.strictSame(requests.map((path) => path.split('/')[1]), ['events', 'tasks', 'events'])
})

t.test('watchTask: takes a page in place of a stream for a failure that passes', async t => {
  const page: Handler = (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Log in to this network</h1>')
  const { url } = await startServer(t, page, page, stream(hello('e.0'), frame('e.1')))

  t.strictSame(await nextIds(watchA(t, url), 1), ['e.1'])
})

t.test('watchTask: takes a 204 in place of a stream for a failure that passes', async t => {
  const { url } = await startServer(t, answer(204), answer(200, task('e.1')))

  t.strictSame(await nextIds(watchA(t, url), 1), ['e.1'])
})

t.test('watchTask: outlives a server that cannot be reached', async t => {
  const { url } = await startServer(t, stream(hello('e.0'), frame('e.1')))
  let attempts = 0
  const events = watchA(t, url, { fetch: (url, init) => fetch(++attempts < 3 ? 'http://127.0.0.1:1/' : url, init) })

  t.strictSame(await nextIds(events, 1), ['e.1'])
  t.equal(attempts, 3)
})

t.test('watchTask: tries a stream again after a while of JSON', async t => {
  const { url, requests } = await startServer(t, answer(204), answer(200, task('e.1')), (request, response) => {
    const handle = request.url?.startsWith('/events/') ? stream(hello('e.1'), frame('e.2')) : () => setTimeout(() => { answer(204)(request, response) }, 150)
    handle(request, response)
  })

  t.strictSame(await nextIds(watchA(t, url, { pollMs: 200 }), 2), ['e.1', 'e.2'])
  t.match(requests.at(-1), '/events/')
})

t.test('watchTask: gives up a request for JSON that is never answered', async t => {
  const { url } = await startServer(t, answer(204), nothing, stream(hello('e.0'), frame('e.1')))
  const failures: string[] = []

  t.strictSame(await nextIds(watchA(t, url, { pollMs: 500, onFailure ({ message }) { failures.push(message) } }), 1), ['e.1'])
  t.match(failures, ['Cannot watch the task: no stream came', 'Cannot watch the task: no answer came'])
})

t.test('watchTask: does not storm a server that never waits', async t => {
  const { url, requests } = await startServer(t, answer(204), answer(200, task('e.1')), answer(200, task('e.1')), stream(hello('e.1'), frame('e.2')))

  t.strictSame(await nextIds(watchA(t, url), 2), ['e.1', 'e.2'])
  t.equal(requests.length, 4)
})

t.test('watchTask: JSON of a history that was put back from a copy is new, and a gap', async t => {
  const { url } = await startServer(t, cutStream(hello('e.4'), frame('e.5')), answer(204), answer(200, task('e.1', 'e.2')))
  let gaps = 0

  t.strictSame(await nextIds(watchA(t, url, { onGap () { gaps += 1 } }), 3), ['e.5', 'e.1', 'e.2'])
  t.equal(gaps, 1)
})

t.test('watchTask: JSON of another history is new, and a gap', async t => {
  const { url } = await startServer(t, cutStream(hello('e.4'), frame('e.5')), answer(204), answer(200, task('f.1', 'f.2')))
  let gaps = 0

  t.strictSame(await nextIds(watchA(t, url, { onGap () { gaps += 1 } }), 3), ['e.5', 'f.1', 'f.2'])
  t.equal(gaps, 1)
})

t.test('watchTask: a stream that starts over is handed over, and a gap', async t => {
  const { url } = await startServer(t, cutStream(hello('e.4'), frame('e.5')), stream(hello('e.0', true), frame('e.1')))
  let gaps = 0

  t.strictSame(await nextIds(watchA(t, url, { onGap () { gaps += 1 } }), 2), ['e.5', 'e.1'])
  t.equal(gaps, 1)
})

t.test('watchTask: a stream that starts over needs no one who wants to know', async t => {
  const { url } = await startServer(t, stream(hello('f.0', true), frame('f.1')))

  t.strictSame(await nextIds(watchA(t, url, { cursor: 'e.4' }), 1), ['f.1'])
})
