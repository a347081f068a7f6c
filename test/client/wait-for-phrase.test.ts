import t from 'tap'
import { PhraseFailed, WaitTimeout, waitForPhrase } from '../../src/client/index.ts'
import { phraseFailed, phraseReady, post, voiceReady } from '../support/callbacks.ts'
import { startRelay } from '../support/relay.ts'
import { frame, hello, startServer, stream } from '../support/server.ts'

t.test('waitForPhrase: resolves with the next phrase', async t => {
  const { url } = await startRelay(t)
  const waiting = waitForPhrase(url, 'a')

  await post(url, phraseReady('a', 'Read me'))

  t.match(await waiting, { event: 'phrase-ready', data: { validateInfo: 'Read me' } })
})

t.test('waitForPhrase: resolves with a phrase that is kept', async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a', 'Read me'))

  t.match(await waitForPhrase(url, 'a'), { data: { validateInfo: 'Read me' } })
})

t.test('waitForPhrase: ignores events of another kind', async t => {
  const { url } = await startRelay(t)
  await post(url, voiceReady('a'), { step: 'generate' })
  const waiting = waitForPhrase(url, 'a')

  await post(url, phraseReady('a', 'Read me'))

  t.match(await waiting, { data: { validateInfo: 'Read me' } })
})

t.test('waitForPhrase: rejects with the message of the vendor', async t => {
  const { url } = await startRelay(t)
  const { json } = await post(url, phraseFailed('a'))

  const error = await waitForPhrase(url, 'a').catch((error) => error)

  t.ok(error instanceof PhraseFailed)
  t.equal(error.message, 'Cannot get a phrase: Failed to regenerate validation phrase')
  t.equal(error.event.id, json.eventId)
})

t.test('waitForPhrase: uses `msg` for a failure without an errorMessage', async t => {
  const { url } = await startRelay(t)
  await post(url, { code: 500, msg: 'error', data: { taskId: 'a', status: 'fail' } })

  await t.rejects(waitForPhrase(url, 'a'), { name: 'PhraseFailed', message: 'Cannot get a phrase: error' })
})

t.test('waitForPhrase: rejects if no phrase arrives in time, and closes its stream', async t => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { url } = await startServer(t, (request, response) => {
    stream(hello('e.0'))(request, response)
    response.on('close', resolve)
  })

  const error = await waitForPhrase(url, 'a', { timeoutMs: 1000 }).catch((error) => error)

  t.ok(error instanceof WaitTimeout)
  t.equal(error.message, 'Cannot get a phrase: none arrived in time')
  t.equal(error.cause, undefined)
  await promise
})

t.test('waitForPhrase: rejects if the relay gives up, and goes on if the callback is only overdue', async t => {
  const overdue = frame('e.1', 'task-overdue')
  const { url } = await startServer(t, stream(hello('e.0'), overdue, frame('e.2', 'task-timeout')))

  const message = 'Cannot get a phrase: none arrived in time'
  await t.rejects(waitForPhrase(url, 'a'), { name: 'WaitTimeout', message })
})

t.test('waitForPhrase: a timeout has the last failure as its cause', async t => {
  const failures: Error[] = []
  let requests = 0
  async function fetch (): Promise<Response> {
    return ++requests === 1 ? new Response(null, { status: 503 }) : new Promise(() => {})
  }

  const options = { fetch, timeoutMs: 200, onFailure (error: Error) { failures.push(error) } }
  const error = await waitForPhrase('http://relay', 'a', options).catch((error) => error)

  t.match(error, { name: 'WaitTimeout', cause: { message: 'Cannot watch the task: status 503' } })
  t.equal(failures[0], error.cause)
})

t.test('waitForPhrase: a timeout of 0 sets no limit', async t => {
  const { url } = await startRelay(t)
  const waiting = waitForPhrase(url, 'a', { timeoutMs: 0 })

  await post(url, phraseReady('a', 'Read me'))

  t.match(await waiting, { data: { validateInfo: 'Read me' } })
})

t.test('waitForPhrase: a signal ends the wait with its reason', async t => {
  const { url } = await startServer(t, stream(hello('e.0')))
  const abort = new AbortController()
  const waiting = waitForPhrase(url, 'a', { signal: abort.signal })

  abort.abort(new Error('enough'))

  await t.rejects(waiting, { message: 'enough' })
})
