import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { closingFrame } from '../../src/http/frames.ts'
import { openStream, type Stream } from '../../src/http/stream.ts'
import { dial } from '../support/socket.ts'
import { closeNow } from '../support/relay.ts'

/** A server whose only answer is a bare stream; `opened` gets it and the response under it. */
async function serve (t: Test, opened: (stream: Stream, raw: ServerResponse) => void) {
  const app = Fastify()
  const log: string[] = []
  app.get('/', (_request, reply) => {
    const stream = openStream(reply, { bufferBytes: 1024, hello: closingFrame('drain'), ready: () => { log.push('ready') }, ended: () => { log.push('ended') } })
    opened(stream, reply.raw)
  })
  t.teardown(() => closeNow(app))
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { log, socket: await dial(t, url, ['GET / HTTP/1.1']) }
}

t.test('stream: a client that left before the session began gets nothing, and its end is told once', async t => {
  const { log, socket } = await serve(t, (_stream, raw) => { raw.destroy() })
  await once(socket.socket, 'close')
  t.strictSame(log, ['ended'])
})

t.test('stream: what is done to it before its head has left waits for that', async t => {
  const { log, socket } = await serve(t, (stream) => {
    stream.keepAlive()
    stream.end('ticket-expired')
  })
  t.match(await socket.ended(), /\r\n\r\nevent:closing\ndata:\{"reason":"drain"\}\n\nevent:closing\ndata:\{"reason":"ticket-expired"\}\n\n$/)
  t.strictSame(log, ['ended'])
})

t.test('stream: what is done to a stream that has ended does no harm', async t => {
  const { promise, resolve } = Promise.withResolvers<Stream>()
  const { log, socket } = await serve(t, resolve)
  await socket.until('\n\n')
  const stream = await promise
  stream.end('done')
  stream.end('done')
  stream.keepAlive()
  t.equal(stream.send(closingFrame('slow')), false)
  t.equal((await socket.ended()).split('"done"').length, 2)
  await once(socket.socket, 'close')
  t.strictSame(log, ['ready', 'ended'])
})
