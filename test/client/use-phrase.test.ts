import { readFileSync } from 'node:fs'
import { createElement } from 'react'
import t, { type Test } from 'tap'
import { usePhrase } from '../examples/use-phrase.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { startRelay } from '../support/relay.ts'
import { answer, startServer } from '../support/server.ts'

type Seen = ReturnType<typeof usePhrase>

/** The part of react-test-renderer that is used; it ships no types. */
interface Renderer {
  create (element: unknown): { update (element: unknown): void, unmount (): void }
}

const { create } = (await import('react-test-renderer' as string)).default as Renderer

/** Renders the hook; `until` resolves with what it says once that is as wanted. */
function renderPhrase (t: Test, taskId: string, relay: string): { until (wanted: (seen: Seen) => unknown): Promise<Seen>, show (taskId: string): void } {
  let seen: Seen = {}
  let look = (): void => {}
  function Phrase ({ taskId }: { taskId: string }): null {
    seen = usePhrase(taskId, relay)
    look()
    return null
  }
  const root = create(createElement(Phrase, { taskId }))
  t.teardown(() => { root.unmount() })

  return {
    show (taskId) { root.update(createElement(Phrase, { taskId })) },
    async until (wanted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      look = () => { if (wanted(seen)) resolve() }
      look()
      await promise
      return seen
    }
  }
}

t.test('usePhrase: shows the phrase when it comes', async t => {
  const { url } = await startRelay(t)
  const { until } = renderPhrase(t, 'a', url)

  await post(url, phraseReady('a', 'Read me'))

  t.match(await until(({ event }) => event), { event: { event: 'phrase-ready', data: { validateInfo: 'Read me' } } })
})

t.test('usePhrase: shows why it may not watch', async t => {
  const { url } = await startServer(t, answer(403))

  t.match(await renderPhrase(t, 'a', url).until(({ error }) => error), { error: { name: 'WatchRefused', status: 403 } })
})

t.test('usePhrase: forgets the task before', async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a'))
  const { until, show } = renderPhrase(t, 'a', url)
  await until(({ event }) => event)

  show('b')

  t.strictSame(await until(({ event }) => !event), {})
})

const readme = readFileSync('README.md', 'utf8')

t.test('usePhrase: is the one that the README shows', t => {
  const shown = readFileSync('test/examples/use-phrase.ts', 'utf8').replace('../../src/client/index.ts', 'phrase-relay/client')

  t.match(readme, shown)
  t.end()
})
