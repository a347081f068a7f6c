import { createElement } from 'react'
import t, { type Test } from 'tap'
import type { usePhrase as UsePhrase } from '../../examples/react/use-phrase.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { importExample } from '../support/examples.ts'
import { startRelay } from '../support/relay.ts'
import { answer, startServer, task } from '../support/server.ts'

type Seen = ReturnType<typeof UsePhrase>

const { usePhrase } = await importExample<{ usePhrase: typeof UsePhrase }>(t, 'react/use-phrase.ts')

/** The used part of react-test-renderer, which ships no types. */
interface Renderer {
  create (element: unknown): { update (element: unknown): void, unmount (): void }
}

const { create } = (await import('react-test-renderer' as string)).default as Renderer

interface RenderedHook {
  /** Resolves with the state of the hook when `predicate` accepts it. */
  until (predicate: (seen: Seen) => unknown): Promise<Seen>
  show (taskId: string): void
}

/** Renders the hook; it is unmounted with the test. */
function renderPhrase (t: Test, taskId: string, relay: string): RenderedHook {
  let seen: Seen = {}
  let check = (): void => {}
  function Phrase ({ taskId }: { taskId: string }): null {
    seen = usePhrase(taskId, relay)
    check()
    return null
  }
  const root = create(createElement(Phrase, { taskId }))
  t.teardown(() => { root.unmount() })

  return {
    show (taskId) { root.update(createElement(Phrase, { taskId })) },
    async until (predicate) {
      const { promise, resolve } = Promise.withResolvers<void>()
      check = () => { if (predicate(seen)) resolve() }
      check()
      await promise
      return seen
    }
  }
}

t.test('usePhrase: returns the phrase when it arrives', async t => {
  const { url } = await startRelay(t)
  const { until } = renderPhrase(t, 'a', url)

  await post(url, phraseReady('a', 'Read me'))

  t.match(await until(({ event }) => event), { event: { event: 'phrase-ready', data: { validateInfo: 'Read me' } } })
})

t.test('usePhrase: returns the error of a refusal', async t => {
  const { url } = await startServer(t, answer(403))

  t.match(await renderPhrase(t, 'a', url).until(({ error }) => error), { error: { name: 'WatchRefused', status: 403 } })
})

t.test('usePhrase: returns the last failure, until the next event', async t => {
  const { url } = await startServer(t, answer(503), answer(200, task('e.1')))
  const { until } = renderPhrase(t, 'a', url)

  t.match(await until(({ failure }) => failure), { failure: { message: 'Cannot watch the task: status 503' } })
  t.match(await until(({ event }) => event), { event: { id: 'e.1' }, failure: undefined })
})

t.test('usePhrase: forgets the previous task', async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a'))
  const { until, show } = renderPhrase(t, 'a', url)
  await until(({ event }) => event)

  show('b')

  t.strictSame(await until(({ event }) => !event), {})
})
