import { join } from 'node:path'
import t from 'tap'
import { watchTask } from '../../src/client/index.ts'
import { phraseReady, post, voiceReady } from '../support/callbacks.ts'
import { freePort } from '../support/port.ts'
import { startRelay, temporaryFolder } from '../support/relay.ts'
import { frame, hello, startServer, stream } from '../support/server.ts'
import { nextEvent, nextIds, watchA } from '../support/watching.ts'

t.test('watchTask: delivers the next phrase', async t => {
  const { url } = await startRelay(t)
  const events = watchA(t, url)
  const next = nextEvent(events)

  const { json } = await post(url, phraseReady('a', 'Read me'))
  const { id, event, data } = await next

  t.equal(id, json.eventId)
  t.equal(event, 'phrase-ready')
  t.equal(data.validateInfo, 'Read me')
})

t.test('watchTask: accepts a base URL with a slash at its end, as a string or as a URL', async t => {
  const { url } = await startRelay(t)
  const { json } = await post(url, phraseReady('a'))

  t.equal((await nextEvent(watchA(t, `${url}//`))).id, json.eventId)
  t.equal((await nextEvent(watchA(t, new URL(url)))).id, json.eventId)
})

t.test('watchTask: starts with the newest event', async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a', 'one'))
  const { json } = await post(url, phraseReady('a', 'two'))

  t.equal((await nextEvent(watchA(t, url))).id, json.eventId)
})

t.test('watchTask: replay all starts with the first event that is kept', async t => {
  const { url } = await startRelay(t)
  const { json } = await post(url, phraseReady('a', 'one'))
  await post(url, phraseReady('a', 'two'))

  t.equal((await nextEvent(watchA(t, url, { replay: 'all' }))).id, json.eventId)
})

t.test('watchTask: replay none starts with the next event', async t => {
  const { url } = await startRelay(t)
  const { json } = await post(url, phraseReady('a', 'one'))
  const { requests, url: front } = await startServer(t, async (request, response) => {
    const upstream = await fetch(url + request.url)
    response.writeHead(upstream.status, { 'content-type': 'text/event-stream' })
    for await (const chunk of upstream.body as ReadableStream<Uint8Array>) {
      response.write(chunk)
      // The stream has started: the next event is new.
      if (String(Buffer.from(chunk)).includes('subscribed')) await post(url, phraseReady('a', 'two'))
    }
  })
  const next = await nextEvent(watchA(t, front, { replay: 'none' }))

  t.match(requests[0], 'replay=none')
  t.not(next.id, json.eventId)
  t.equal(next.data.validateInfo, 'two')
})

t.test('watchTask: a cursor skips the events up to it', async t => {
  const { url } = await startRelay(t)
  const { json } = await post(url, phraseReady('a', 'one'))
  const later = [await post(url, phraseReady('a', 'two')), await post(url, voiceReady('a'), { step: 'generate' })]

  const ids = await nextIds(watchA(t, url, { cursor: json.eventId }), 2)

  t.strictSame(ids, later.map(({ json }) => json.eventId))
})

t.test('watchTask: resumes after a restart of the server, and delivers each event once', async t => {
  const STORE_URL = `sqlite:${join(temporaryFolder(t), 'relay.db')}`
  const first = await startRelay(t, { STORE_URL, RETRY_MS: 100, PORT: await freePort() })
  const events = watchA(t, first.url)
  const before = nextEvent(events)
  const one = await post(first.url, phraseReady('a', 'one'))
  await before
  await first.close()

  const second = await startRelay(t, { STORE_URL, PORT: Number(new URL(first.url).port) })
  const two = await post(second.url, phraseReady('a', 'two'))

  t.equal((await before).id, one.json.eventId)
  t.equal((await nextEvent(events)).id, two.json.eventId)
})

t.test('watchTask: reports a gap if the server has lost its history', async t => {
  const first = await startRelay(t, { RETRY_MS: 100, PORT: await freePort() })
  let gaps = 0
  const events = watchA(t, first.url, { onGap () { gaps += 1 } })
  const before = nextEvent(events)
  await post(first.url, phraseReady('a', 'one'))
  await before
  await first.close()

  const second = await startRelay(t, { PORT: Number(new URL(first.url).port) })
  const { json } = await post(second.url, phraseReady('a', 'two'))

  t.equal((await nextEvent(events)).id, json.eventId)
  t.equal(gaps, 1)
})

t.test('watchTask: reports a gap if the ids of a stream skip one', async t => {
  const { url } = await startServer(t, stream(hello('e.0'), frame('e.1'), frame('e.3')))
  let gaps = 0
  const events = watchA(t, url, { onGap () { gaps += 1 } })

  t.equal((await nextEvent(events)).id, 'e.1')
  t.equal(gaps, 0)
  t.equal((await nextEvent(events)).id, 'e.3')
  t.equal(gaps, 1)
})

t.test('watchTask: leaving the loop closes the stream', async t => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { url } = await startServer(t, (request, response) => {
    stream(hello('e.0'), frame('e.1'))(request, response)
    response.on('close', resolve)
  })

  const ids: string[] = []
  for await (const { id } of watchTask(url, 'a')) if (ids.push(id) > 0) break

  t.strictSame(ids, ['e.1'])

  await t.resolves(promise)
})

t.test('watchTask: return() ends a wait at once and closes the stream', async t => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { url } = await startServer(t, (request, response) => {
    stream(hello('e.0'), frame('e.1'))(request, response)
    response.on('close', resolve)
  })
  const events = watchTask(url, 'a')
  await nextEvent(events)

  const pending = events.next()
  await events.return()

  t.strictSame(await pending, { done: true, value: undefined })
  await promise
})

t.test('watchTask: sends no request before the first call of next()', async t => {
  const { url, requests } = await startServer(t, stream())
  const events = watchTask(url, 'a')

  await events.return()

  t.strictSame(await events.next(), { done: true, value: undefined })
  t.strictSame(requests, [])
})

t.test('watchTask: a signal ends a wait with its reason, and keeps no listener', async t => {
  const { url } = await startServer(t, stream(hello('e.0'), frame('e.1')))
  const abort = new AbortController()
  const listeners = countListeners(abort.signal)
  const events = watchTask(url, 'a', { signal: abort.signal })
  await nextEvent(events)
  t.equal(listeners(), 1)

  const pending = events.next()
  abort.abort(new Error('enough'))

  await t.rejects(pending, { message: 'enough' })
  t.equal(listeners(), 0)
})

t.test('watchTask: return() ends an attempt without a response, and reports no failure', async t => {
  const asked = Promise.withResolvers<void>()
  const { url } = await startServer(t, () => { asked.resolve() })
  const events = watchTask(url, 'a', { onFailure (error) { t.fail(error.message) } })

  const pending = events.next()
  await asked.promise
  await events.return()

  t.strictSame(await pending, { done: true, value: undefined })
})

t.test('watchTask: a signal closes the stream while the loop handles an event', async t => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { url } = await startServer(t, (request, response) => {
    stream(hello('e.0'), frame('e.1'))(request, response)
    response.on('close', resolve)
  })
  const abort = new AbortController()
  const events = watchTask(url, 'a', { signal: abort.signal })
  await nextEvent(events)

  abort.abort()
  await promise

  await t.rejects(events.next(), { name: 'AbortError' })
})

t.test('watchTask: an aborted signal prevents any request', async t => {
  const { url, requests } = await startServer(t, stream())

  await t.rejects(watchTask(url, 'a', { signal: AbortSignal.abort() }).next(), { name: 'AbortError' })
  t.strictSame(requests, [])
})

t.test('watchTask: throws an error of its own if the signal has no reason', async t => {
  const { url } = await startServer(t, stream())
  const { signal } = new AbortController()
  Object.defineProperties(signal, { aborted: { value: true }, reason: { value: undefined } })

  await t.rejects(watchTask(url, 'a', { signal }).next(), { message: 'Cannot watch the task: aborted' })
})

t.test('watchTask: a signal ends the pause between attempts', async t => {
  const abort = new AbortController()
  const onFailure = (): void => { setImmediate(() => { abort.abort() }) }
  const events = watchTask('http://127.0.0.1:1', 'a', { signal: abort.signal, onFailure })

  await t.rejects(events.next(), { name: 'AbortError' })
})

function countListeners (signal: AbortSignal): () => number {
  let count = 0
  const { addEventListener, removeEventListener } = signal
  Object.assign(signal, {
    addEventListener (type: string, listener: () => void) {
      count += 1
      addEventListener.call(signal, type, listener)
    },
    removeEventListener (type: string, listener: () => void) {
      count -= 1
      removeEventListener.call(signal, type, listener)
    }
  })
  return () => count
}
