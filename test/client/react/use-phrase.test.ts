import { createElement } from 'react'
import t, { type Test } from 'tap'
import { type Phrase, usePhrase, type PhraseOptions } from '../../../src/client/react/index.ts'
import { phraseReady, post } from '../../support/callbacks.ts'
import { startRelay } from '../../support/relay.ts'
import { answer, frame, hello, startServer, stream, task } from '../../support/server.ts'

/** The used part of react-test-renderer, which ships no types. */
interface Renderer {
  create (element: unknown): { update (element: unknown): void, unmount (): void }
}

const { create } = (await import('react-test-renderer' as string)).default as Renderer

interface RenderedHook {
  /** All results, each once. */
  readonly phrases: Phrase[]
  /** Resolves with the result of the hook when it has a state. */
  until (state: Phrase['state']): Promise<Phrase>
  show (taskId: string | null, options: PhraseOptions): void
  unmount (): void
}

/** Renders the hook; it is unmounted with the test. */
function renderPhrase (t: Test, taskId: string | null, options: PhraseOptions): RenderedHook {
  const phrases: Phrase[] = []
  let check = (): void => {}
  function Show (props: { taskId: string | null, options: PhraseOptions }): null {
    const phrase = usePhrase(props.taskId, props.options)
    if (phrases.at(-1) !== phrase) phrases.push(phrase)
    check()
    return null
  }
  const root = create(createElement(Show, { taskId, options }))
  t.teardown(() => { root.unmount() })

  return {
    phrases,
    show (taskId, options) { root.update(createElement(Show, { taskId, options })) },
    unmount () { root.unmount() },
    async until (state) {
      const { promise, resolve } = Promise.withResolvers<Phrase>()
      check = () => {
        const phrase = phrases.at(-1)
        if (phrase?.state === state) resolve(phrase)
      }
      check()
      return promise
    }
  }
}

const readyNow = (id: string, phrase: string) => {
  return frame(id, 'phrase-ready', { validateInfo: phrase, receivedAt: new Date().toISOString() })
}

t.test('usePhrase: waits, and returns the phrase when it arrives', async t => {
  const { url } = await startRelay(t)
  const { until, phrases } = renderPhrase(t, 'a', { relay: url })
  t.match(phrases, [{ state: 'waiting', connection: 'connecting', failure: undefined }])
  await until('unknown')

  await post(url, phraseReady('a', 'Read me'))

  t.match(await until('ready'), { phrase: 'Read me', ageMs: 0, connection: 'live', event: { event: 'phrase-ready' } })
})

t.test('usePhrase: calls onComplete of the last render once with an outcome', async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a', 'one'))
  const completed: string[] = []
  const complete = (phrase: Phrase): void => { completed.push(phrase.state === 'ready' ? phrase.phrase : phrase.state) }
  const { until, show, phrases } = renderPhrase(t, 'a', { relay: url, onComplete () { t.fail('an old callback') } })
  show('a', { relay: url, tickMs: 1, onComplete: complete })
  await until('ready')
  const ticks = phrases.length
  while (phrases.length < ticks + 2) await new Promise(setImmediate)
  t.strictSame(completed, ['one'])

  await post(url, phraseReady('a', 'two'))
  while (completed.length < 2) await new Promise(setImmediate)

  t.strictSame(completed, ['one', 'two'])
})

t.test('usePhrase: returns another result with each tick, and at the end of the phrase', async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a'))
  const { until, phrases } = renderPhrase(t, 'a', { relay: url, lifeMs: 500, tickMs: 20 })

  t.match(await until('expired'), { event: { event: 'phrase-ready' } })

  const ages = phrases.flatMap((phrase) => phrase.state === 'ready' ? [phrase.ageMs] : [])
  t.ok(ages.length > 1)
  t.strictSame(ages, ages.toSorted((a, b) => a - b))
})

t.test('usePhrase: a phrase that arrives live is new, although the clocks differ', async t => {
  const receivedAt = '2000-01-01T00:00:00.000Z'
  const kept = frame('e.1', 'phrase-ready', { validateInfo: 'old', receivedAt })
  const live = frame('e.2', 'phrase-ready', { validateInfo: 'new', receivedAt })
  const { url } = await startServer(t, stream(frame('e.0', 'subscribed', { lastEventId: 'e.1' }), kept, live))
  const { until, phrases } = renderPhrase(t, 'a', { relay: url })

  t.match(await until('ready'), { phrase: 'new' })
  t.match(phrases.map(({ state }) => state), /waiting,(?:expired,)?ready/)
})

t.test('usePhrase: returns the same object while nothing changes', async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a'))
  const { until, show, phrases } = renderPhrase(t, 'a', { relay: url, tickMs: Infinity })
  const phrase = await until('ready')

  show('a', { relay: url, tickMs: Infinity })

  t.equal(phrases.at(-1), phrase)
})

t.test('usePhrase: returns a refusal with its reason, and goes on with another ticket', async t => {
  const { url, requests } = await startServer(t, answer(403, { code: 'TASK_FORBIDDEN', detail: 'not for this task' }),
    stream(hello('e.0'), readyNow('e.1', 'Read me')))
  const outcomes: string[] = []
  const options = { relay: url, onComplete ({ state }: Phrase) { outcomes.push(state) } }
  const { until, show } = renderPhrase(t, 'a', { ...options, ticket: 'one' })

  const refused = { connection: 'refused', error: { name: 'WatchRefused', code: 'TASK_FORBIDDEN' } }
  t.match(await until('refused'), refused)
  show('a', { ...options, ticket: 'two' })

  t.match(await until('ready'), { phrase: 'Read me', connection: 'live' })
  while (outcomes.length < 2) await new Promise(setImmediate)
  t.strictSame(outcomes, ['refused', 'ready'])
  t.equal(requests.length, 2)
})

t.test('usePhrase: returns a refusal for an address that cannot be requested', async t => {
  const { until } = renderPhrase(t, 'a', { relay: 'ftp://relay' })
  t.match(await until('refused'), { connection: 'refused', error: { name: 'TypeError' } })
})

t.test('usePhrase: calls the ticket function of the last render, and does not start again with each', async t => {
  const { url, requests } = await startServer(t, answer(503), answer(200, task('e.1')))
  const tickets: string[] = []
  const ticket = (name: string) => () => {
    tickets.push(name)
    return name
  }
  const { show, phrases } = renderPhrase(t, 'a', { relay: url, ticket: ticket('one') })
  while (phrases.at(-1)?.connection !== 'reconnecting') await new Promise(setImmediate)
  t.match(phrases.at(-1), { state: 'waiting', failure: { message: 'Cannot watch the task: status 503' } })
  show('a', { relay: url, ticket: ticket('two'), fetch: async () => new Response(null, { status: 400 }) })

  while (phrases.at(-1)?.connection !== 'polling') await new Promise(setImmediate)

  t.equal(requests.length, 2)
  t.strictSame(tickets, ['one'], 'a ticket is fetched once')
})

t.test('usePhrase: never returns the phrase of another task or relay', async t => {
  const [{ url }, other] = [await startRelay(t), await startRelay(t)]
  await post(url, phraseReady('a', 'one'))
  const { until, show, phrases } = renderPhrase(t, 'a', { relay: url })
  await until('ready')

  const before = phrases.length
  show('b', { relay: url })
  t.match(phrases.at(-1), { state: 'waiting', connection: 'connecting' })
  await until('unknown')
  show('a', { relay: new URL(other.url) })
  await until('unknown')

  t.notOk(phrases.slice(before).some(({ state }) => state === 'ready'))
})

t.test('usePhrase: watches nothing without a task id, or if it is not enabled', async t => {
  const { url, requests } = await startServer(t, answer(200, task('e.1')))
  const { show, phrases, until } = renderPhrase(t, null, { relay: url })
  show('', { relay: url })
  show('a', { relay: url, enabled: false })
  t.match(phrases, [{ state: 'idle' }])
  t.strictSame(requests, [])

  show('a', { relay: url })
  await until('waiting')
})

t.test('usePhrase: closes the stream and changes nothing more after it is unmounted', async t => {
  const closed = Promise.withResolvers<void>()
  const { url } = await startServer(t, (request, response) => {
    stream(hello('e.0'), readyNow('e.1', 'Read me'))(request, response)
    response.on('close', closed.resolve)
  })
  const { until, unmount, phrases } = renderPhrase(t, 'a', { relay: url, tickMs: Infinity })
  await until('ready')
  const { length } = phrases

  unmount()
  await closed.promise

  t.equal(phrases.length, length)
})
