import t from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { startRelay } from '../support/relay.ts'
import {
  answer, cutStream, endedStream, frame, hello, nothing, startServer, stream, task, type Handler
} from '../support/server.ts'
import { nextEvent, nextIds, watchA } from '../support/watching.ts'

/** Forwards JSON of a relay, and never forwards a stream. */
function bufferingProxy (url: string): Handler {
  return async (request, response) => {
    if (request.url?.startsWith('/events/')) return
    const upstream = await fetch(url + request.url)
    response.writeHead(upstream.status, { 'content-type': 'application/json' }).end(await upstream.text())
  }
}

t.test('watchTask: polls behind a proxy that buffers streams', async t => {
  const relay = await startRelay(t)
  const { url } = await startServer(t, bufferingProxy(relay.url))
  const events = watchA(t, url, { firstFrameMs: 100 })
  const next = nextEvent(events)

  const one = await post(relay.url, phraseReady('a', 'one'))
  t.equal((await next).id, one.json.eventId)
  const two = await post(relay.url, phraseReady('a', 'two'))
  t.equal((await nextEvent(events)).id, two.json.eventId)
})

t.test('watchTask: polls if the headers of a stream arrive but no frame does', async t => {
  const { url } = await startServer(t, stream(':held back'), answer(200, task('e.1', 'e.2')))

  t.strictSame(await nextIds(watchA(t, url, { firstFrameMs: 500 }), 1), ['e.2'])
})

t.test('watchTask: requests a cut frame again, and not the one before it', async t => {
  const cut = cutStream(hello('e.0'), frame('e.1'), 'event:task-update\nda')
  const { url, requests } = await startServer(t, cut, stream(hello('e.1'), frame('e.2')))

  t.strictSame(await nextIds(watchA(t, url), 2), ['e.1', 'e.2'])
  t.match(requests[1], 'lastEventId=e.1')
})

t.test('watchTask: delivers a repeated event once', async t => {
  const repeating = endedStream(hello('e.0'), frame('e.1'), frame('e.1'), frame('e.2'), frame('e.1'))
  const { url } = await startServer(t, repeating, stream(hello('e.0'), frame('e.2'), frame('e.3')))

  t.strictSame(await nextIds(watchA(t, url), 3), ['e.1', 'e.2', 'e.3'])
})

t.test('watchTask: skips an event without an id', async t => {
  const { url } = await startServer(t, stream(hello('e.0'), frame(''), frame('e.1')))

  t.strictSame(await nextIds(watchA(t, url), 1), ['e.1'])
})

t.test('watchTask: replaces a silent stream by one that resumes', async t => {
  const { url, requests } = await startServer(t, stream(hello('e.0'), frame('e.1')), stream(hello('e.1'), frame('e.2')))

  t.strictSame(await nextIds(watchA(t, url, { silenceMs: 100 }), 2), ['e.1', 'e.2'])
  t.match(requests[1], 'lastEventId=e.1')
})

t.test('watchTask: waits as long as the server requests', async t => {
  const { url } = await startServer(t, endedStream('retry:300\n\n'), answer(200, task('e.1')))
  const start = Date.now()
  const failures: string[] = []

  t.strictSame(await nextIds(watchA(t, url, { onFailure ({ message }) { failures.push(message) } }), 1), ['e.1'])
  t.ok(Date.now() - start >= 300)
  t.strictSame(failures, ['Cannot watch the task: no event arrived'])
})

t.test('watchTask: requests JSON, then a stream again, after a 503', async t => {
  const busy = answer(503, {}, { 'retry-after': '1' })
  const { url, requests } = await startServer(t, busy, answer(503), stream(hello('e.0'), frame('e.1')))

  t.strictSame(await nextIds(watchA(t, url), 1), ['e.1'])
  t.strictSame(requests.map((path) => path.split('/')[1]), ['events', 'tasks', 'events'])
})

t.test('watchTask: retries after a web page instead of a stream', async t => {
  const page: Handler = (_request, response) => response
    .writeHead(200, { 'content-type': 'text/html' })
    .end('<h1>Log in to this network</h1>')
  const { url } = await startServer(t, page, page, stream(hello('e.0'), frame('e.1')))

  t.strictSame(await nextIds(watchA(t, url), 1), ['e.1'])
})

t.test('watchTask: retries after a 204 instead of a stream', async t => {
  const { url } = await startServer(t, answer(204), answer(200, task('e.1')))

  t.strictSame(await nextIds(watchA(t, url), 1), ['e.1'])
})

t.test('watchTask: survives an unreachable server', async t => {
  const { url } = await startServer(t, stream(hello('e.0'), frame('e.1')))
  let attempts = 0
  const events = watchA(t, url, { fetch: (url, init) => fetch(++attempts < 3 ? 'http://127.0.0.1:1/' : url, init) })

  t.strictSame(await nextIds(events, 1), ['e.1'])
  t.equal(attempts, 3)
})

t.test('watchTask: tries a stream again after polling for a while', async t => {
  const { url, requests } = await startServer(t, answer(204), answer(200, task('e.1')), (request, response) => {
    if (request.url?.startsWith('/events/')) stream(hello('e.1'), frame('e.2'))(request, response)
    else setTimeout(() => { answer(204)(request, response) }, 150)
  })

  t.strictSame(await nextIds(watchA(t, url, { pollMs: 200 }), 2), ['e.1', 'e.2'])
  t.match(requests.at(-1), '/events/')
})

t.test('watchTask: gives up a JSON request that gets no response', async t => {
  const { url } = await startServer(t, answer(204), nothing, stream(hello('e.0'), frame('e.1')))
  const failures: string[] = []

  const events = watchA(t, url, { pollMs: 500, onFailure ({ message }) { failures.push(message) } })

  t.strictSame(await nextIds(events, 1), ['e.1'])
  t.match(failures, ['Cannot watch the task: no stream arrived', 'Cannot watch the task: no response arrived'])
})

t.test('watchTask: does not flood a server that never holds a request', async t => {
  const json = answer(200, task('e.1'))
  const { url, requests } = await startServer(t, answer(204), json, json, stream(hello('e.1'), frame('e.2')))

  t.strictSame(await nextIds(watchA(t, url), 2), ['e.1', 'e.2'])
  t.equal(requests.length, 4)
})

t.test('watchTask: polling reports a gap and delivers everything of a history restored from a copy', async t => {
  const cut = cutStream(hello('e.4'), frame('e.5'))
  const { url } = await startServer(t, cut, answer(204), answer(200, task('e.1', 'e.2')))
  let gaps = 0

  t.strictSame(await nextIds(watchA(t, url, { onGap () { gaps += 1 } }), 3), ['e.5', 'e.1', 'e.2'])
  t.equal(gaps, 1)
})

t.test('watchTask: polling reports a gap and delivers everything of another history', async t => {
  const cut = cutStream(hello('e.4'), frame('e.5'))
  const { url } = await startServer(t, cut, answer(204), answer(200, task('f.1', 'f.2')))
  let gaps = 0

  t.strictSame(await nextIds(watchA(t, url, { onGap () { gaps += 1 } }), 3), ['e.5', 'f.1', 'f.2'])
  t.equal(gaps, 1)
})

t.test('watchTask: polling reports a gap and delivers everything of a history that lost its end', async t => {
  const cut = cutStream(hello('x-1.4'), frame('x-1.5'))
  const { url } = await startServer(t, cut, answer(204), answer(200, task('x-1.2', 'x-1.3', 'x-2.4', 'x-2.5', 'x-2.6')))
  let gaps = 0
  const events = watchA(t, url, { onGap () { gaps += 1 } })

  t.strictSame(await nextIds(events, 6), ['x-1.5', 'x-1.2', 'x-1.3', 'x-2.4', 'x-2.5', 'x-2.6'])
  t.equal(gaps, 1)
})

t.test('watchTask: an epoch that continues the history is no gap, on a stream and when polling', async t => {
  const { url, requests } = await startServer(t,
    cutStream(hello('x-1.0'), frame('x-1.1'), frame('x-2.2'), frame('x-3.3')),
    answer(204),
    answer(200, task('x-4.4', 'x-5.5'))
  )
  const events = watchA(t, url, { onGap () { t.fail('no event is missing') } })

  t.strictSame(await nextIds(events, 5), ['x-1.1', 'x-2.2', 'x-3.3', 'x-4.4', 'x-5.5'])
  t.match(requests.at(-1), 'after=x-3.3')
})

for (const id of ['x-2.1', 'x-2.2', 'x-2.4']) {
  t.test(`watchTask: ${id} of another epoch after x-1.2 is a gap`, async t => {
    const { url } = await startServer(t, stream(hello('x-1.1'), frame('x-1.2'), frame(id)))
    let gaps = 0

    t.strictSame(await nextIds(watchA(t, url, { onGap () { gaps += 1 } }), 2), ['x-1.2', id])
    t.equal(gaps, 1)
  })
}

t.test('watchTask: reconnects after a stream closes because of lost history, and reports one gap', async t => {
  const closing = endedStream(hello('x-1.2'), frame('x-1.3'), frame('', 'closing', { reason: 'history-lost' }))
  const resumed = stream(hello('x-1.0', true), frame('x-1.1'), frame('x-1.2'), frame('x-2.3'))
  const { url, requests } = await startServer(t, closing, resumed)
  let gaps = 0
  const events = watchA(t, url, {
    onGap () { gaps += 1 },
    onFailure (error) { t.fail(error.message) }
  })

  t.strictSame(await nextIds(events, 4), ['x-1.3', 'x-1.1', 'x-1.2', 'x-2.3'])
  t.match(requests[1], 'lastEventId=x-1.3')
  t.equal(gaps, 1)
})

t.test('watchTask: goes on with the next event after the task was erased', async t => {
  const closing = endedStream(hello('x-1.0'), frame('x-1.1'), frame('', 'closing', { reason: 'erased' }))
  const { url } = await startServer(t, closing, stream(hello('x-1.1'), frame('x-1.2')))
  const events = watchA(t, url, { onFailure (error) { t.fail(error.message) } })

  t.strictSame(await nextIds(events, 2), ['x-1.1', 'x-1.2'])
})

t.test('watchTask: a stream that starts over reports a gap and delivers everything', async t => {
  const { url } = await startServer(t, cutStream(hello('e.4'), frame('e.5')), stream(hello('e.0', true), frame('e.1')))
  let gaps = 0

  t.strictSame(await nextIds(watchA(t, url, { onGap () { gaps += 1 } }), 2), ['e.5', 'e.1'])
  t.equal(gaps, 1)
})

t.test('watchTask: a stream that starts over needs no onGap', async t => {
  const { url } = await startServer(t, stream(hello('f.0', true), frame('f.1')))

  t.strictSame(await nextIds(watchA(t, url, { cursor: 'e.4' }), 1), ['f.1'])
})
