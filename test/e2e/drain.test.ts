import { connect } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { startProcess } from '../support/process.ts'
import { watch } from '../support/sse.ts'

t.test('drain: SIGTERM ends streams with closing, callbacks are still stored, and the exit code is 0', async t => {
  const relay = await startProcess(t, { DRAIN_MS: '2000', STORE_URL: `sqlite:${t.testdir()}/relay.db` })
  const streams = await Promise.all(Array.from({ length: 20 }, () => watch(t, `${relay.url}/events/a`)))
  const exited = once(relay.child, 'close')

  process.kill(relay.child.pid as number, 'SIGTERM')
  const endings = Promise.all(streams.map((stream) => stream.rest()))
  while ((await fetch(`${relay.url}/readyz`)).status === 200);
  const ready = await fetch(`${relay.url}/readyz`)
  const late = await watch(t, `${relay.url}/events/a`)
  const { status } = await post(relay.url, phraseReady('a'))

  t.match(await ready.json(), { status: 503, code: 'DRAINING' })
  t.strictSame(await late.rest(), [], 'a new stream gets a retry and ends')
  t.equal(status, 200)
  for (const names of await endings) t.equal(names.at(-1), 'closing')
  t.strictSame(await exited, [0, null])
})

t.test('drain: each stream gets its own reconnection time', async t => {
  const relay = await startProcess(t, { DRAIN_MS: '50' })
  const port = Number(new URL(relay.url).port)
  const sockets = Array.from({ length: 5 }, () => connect(port, '127.0.0.1').setEncoding('utf8'))
  const texts = sockets.map(async (socket) => {
    socket.write('GET /events/a HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(socket, 'readable')
    return socket
  })
  await Promise.all(texts)
  process.kill(relay.child.pid as number, 'SIGTERM')

  const retries = await Promise.all(sockets.map(async (socket) => {
    let text = ''
    for await (const chunk of socket) text += chunk
    return Number(/retry:(\d+)\nevent:closing\ndata:\{"reason":"drain"\}\n\n$/.exec(text)?.[1])
  }))

  for (const retry of retries) t.ok(retry >= 2000 && retry <= 3000, `${retry} ms`)
  t.ok(new Set(retries).size > 1)
})

t.test('drain: a second signal ends the process at once', async t => {
  const relay = await startProcess(t, { DRAIN_MS: '600000' })
  const stream = await watch(t, `${relay.url}/events/a`)
  await stream.next()
  const exited = once(relay.child, 'close')
  process.kill(relay.child.pid as number, 'SIGTERM')
  while ((await fetch(`${relay.url}/readyz`)).status === 200);
  process.kill(relay.child.pid as number, 'SIGINT')
  t.strictSame(await exited, [1, null])
})
