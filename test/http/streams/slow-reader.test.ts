import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { phraseReady, post } from '../../support/callbacks.ts'
import { startRelay } from '../../support/relay.ts'
import { watch } from '../../support/sse.ts'

const EVENTS = 400
const PHRASE = 'x'.repeat(20_000)

t.test('slow reader: its buffer is bounded, others do not wait, and it gets everything later', async t => {
  const bufferBytes = 65_536
  const { url, app } = await startRelay(t, { STREAM_BUFFER_BYTES: bufferBytes })
  const served: Socket[] = []
  app.server.on('connection', (socket: Socket) => served.push(socket))

  const slow = connect(Number(new URL(url).port), '127.0.0.1')
  t.teardown(() => { slow.destroy() })
  slow.write('GET /events/a?replay=all HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(slow, 'readable')
  const [slowSide] = served as [Socket]
  const quick = await watch(t, `${url}/events/a?replay=all`)
  await quick.next()

  let held = 0
  for (let i = 1; i <= EVENTS; i++) {
    await post(url, phraseReady('a', `${i} ${PHRASE}`))
    const { id } = await quick.next()
    t.equal(Number(id?.split('.')[1]), i)
    held = Math.max(held, slowSide.writableLength)
  }
  t.ok(held <= bufferBytes, `buffered ${held} bytes of ${EVENTS * PHRASE.length}`)
  t.ok(held > 0, 'the reader was behind')

  let text = ''
  for await (const chunk of slow.setEncoding('utf8')) {
    text += chunk
    if (text.includes(`"${EVENTS} x`) && text.endsWith('\n\n')) break
  }
  const seqs = [...text.matchAll(/^id:[\w-]+\.(\d+)$/gm)].map(([, seq]) => Number(seq))
  t.strictSame(seqs, Array.from({ length: EVENTS + 1 }, (_, i) => i))
})

t.test('slow reader: a client that reads nothing for four keep-alives is disconnected and counted', async t => {
  const { url, app } = await startRelay(t, { STREAM_BUFFER_BYTES: 1024, KEEP_ALIVE_MS: 64 })
  const served = once(app.server, 'connection') as Promise<[Socket]>
  const slow = connect(Number(new URL(url).port), '127.0.0.1')
  t.teardown(() => { slow.destroy() })
  slow.write('GET /events/a HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(slow, 'readable')
  const [slowSide] = await served
  const gone = once(slowSide, 'close')

  for (let i = 0; !slowSide.destroyed && slowSide.writableLength === 0; i++) {
    await post(url, phraseReady('a', `${i} ${PHRASE}`))
  }
  await gone

  t.match(await (await fetch(`${url}/metrics`)).text(), /^relay_slow_streams_total 1$/m)
})
