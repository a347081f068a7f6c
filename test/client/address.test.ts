import t from 'tap'
import { watchTask, waitForPhrase, type Fetch } from '../../src/client/index.ts'
import { answer, frame, hello, startServer, stream, task } from '../support/server.ts'
import { nextIds, watchA } from '../support/watching.ts'

const fetchNothing: Fetch = async () => { throw new Error('no request may be sent') }

/** Addresses that no request can be sent to. */
const ADDRESSES = [
  '', '/', '/relay', 'relay', 'undefined', 'localhost:3000', 'ws://relay', 'file:///relay', 'http://', 'http://a b',
  'http://relay?tenant=1', 'http://relay/#tenant'
]
// Deno sends credentials of a URL.
if (!('Deno' in globalThis)) ADDRESSES.push('http://user:password@relay')

for (const address of ADDRESSES) {
  t.test(`address: ${JSON.stringify(address)} rejects before any request`, async t => {
    await t.rejects(watchTask(address, 'a', { fetch: fetchNothing }).next(), { name: 'TypeError' })
    await t.rejects(waitForPhrase(address, 'a', { fetch: fetchNothing }), { name: 'TypeError' })
    const url = `${address.replace(/\/+$/, '').replace('user:password@', '')}/events/a`
    const message = `Cannot watch the task: ${url} is not a plain http(s) URL of a task`
    await t.rejects(waitForPhrase(address, 'a'), { name: 'TypeError', message })
  })
}

for (const taskId of ['', '.', '..']) {
  t.test(`address: the task id ${JSON.stringify(taskId)} rejects before any request`, async t => {
    const message = /^Cannot watch the task: http:\/\/relay\/events\/\.* is not a plain http\(s\) URL of a task$/

    await t.rejects(waitForPhrase('http://relay', taskId, { fetch: fetchNothing }), { name: 'TypeError', message })
  })
}

t.test('address: a prefix may have any path', async t => {
  const { url, requests } = await startServer(t, stream(hello('e.0'), frame('e.1')))

  t.strictSame(await nextIds(watchA(t, `${url}/@app/relay%20one`), 1), ['e.1'])
  t.match(requests[0], '/@app/relay%20one/events/a?')
})

t.test('address: every request asks for a response that no cache has kept', async t => {
  const resumed = stream(hello('e.1'), frame('e.2'))
  const { url } = await startServer(t, answer(204), answer(200, task('e.1')), answer(503), resumed)
  const caches: string[] = []
  const recording: Fetch = (url, init) => {
    caches.push(init.cache)
    return fetch(url, init)
  }

  t.strictSame(await nextIds(watchA(t, url, { fetch: recording }), 2), ['e.1', 'e.2'])
  t.strictSame(caches, ['no-store', 'no-store', 'no-store', 'no-store'])
})
