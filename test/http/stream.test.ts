import { once } from 'node:events'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { closingFrame } from '../../src/http/frames.ts'
import { Stream } from '../../src/http/stream.ts'
import { dial } from '../support/socket.ts'
import { closeNow } from '../support/relay.ts'

/** A server whose only answer is a bare stream with one frame, and the headers that a hook has set. */
async function serve (t: Test, headers: Record<string, string | string[]> = {}) {
  const app = Fastify()
  const log: string[] = []
  const opened = Promise.withResolvers<Stream>()
  app.get('/', (_request, reply) => {
    reply.headers(headers)
    opened.resolve(new Stream(reply, 1024, 'data:first\n\n', { ready: () => { log.push('ready') }, ended: (reason) => { log.push(reason) } }))
  })
  app.setErrorHandler((error, _request, reply) => {
    opened.reject(error)
    return reply.code(500).send('refused')
  })
  t.teardown(() => closeNow(app))
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const socket = await dial(t, url, ['GET / HTTP/1.1'])
  return { app, log, socket, stream: await opened.promise }
}

t.test('stream: head and first frame come in one piece, in no chunks, and the connection ends the body', async t => {
  const { socket, stream } = await serve(t, { vary: 'origin', 'set-cookie': ['a=1', 'b=2'] })
  stream.end('drain', 1000)
  const answer = await socket.ended()
  const [head = '', body] = answer.split(/\r\n\r\n/)
  t.match(head, /^HTTP\/1\.1 200 OK\r\n[^]*\r\nDate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\nConnection: close$/)
  t.match(head, /\nvary: origin\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n/)
  t.match(head, /\r\ncontent-type: text\/event-stream\r\n/)
  t.equal(body, `data:first\n\n${closingFrame('drain', 1000)}`)
})

t.test('stream: what is done to a stream that has ended does no harm, and its end is told once', async t => {
  const { log, socket, stream } = await serve(t)
  stream.end('done')
  stream.end('done')
  stream.keepAlive()
  t.equal(stream.send(closingFrame('slow')), false)
  t.equal((await socket.ended()).split('"done"').length, 2)
  await once(socket.socket, 'close')
  t.strictSame(log, ['done'])
  stream.keepAlive()
  stream.end('done')
  t.equal(stream.send(closingFrame('slow')), false)
  t.strictSame(log, ['done'])
})

t.test('stream: an end is not held up by a client that keeps its half open', async t => {
  const { log, socket, stream } = await serve(t)
  await socket.until('first\n\n')
  socket.socket.allowHalfOpen = true
  stream.end('done')
  while (log.length === 0) await new Promise(setImmediate)
  t.strictSame(log, ['done'])
})

t.test('stream: a header that would break the head apart is an error', async t => {
  const app = Fastify()
  const failed = Promise.withResolvers<unknown>()
  app.get('/', (_request, reply) => {
    reply.header('x-note', 'a\r\nset-cookie: b=1')
    try {
      return new Stream(reply, 1024, 'data:first\n\n', { ready: () => {}, ended: () => {} })
    } catch (error) {
      failed.resolve(error)
      throw error
    }
  })
  t.teardown(() => closeNow(app))
  const socket = await dial(t, await app.listen({ host: '127.0.0.1', port: 0 }), ['GET / HTTP/1.1'])
  t.match(await failed.promise, { code: 'ERR_INVALID_CHAR' })
  socket.socket.destroy()
})

t.test('stream: a request that is pipelined behind another is answered behind it', async t => {
  const app = Fastify()
  const first = Promise.withResolvers<string>()
  app.get('/slow', () => first.promise)
  app.get('/', (_request, reply) => { streams.push(new Stream(reply, 1024, 'data:first\n\n', { ready: () => {}, ended: () => {} })) })
  const streams: Stream[] = []
  t.teardown(() => closeNow(app))
  const socket = await dial(t, await app.listen({ host: '127.0.0.1', port: 0 }), ['GET /slow HTTP/1.1', 'Host: a', '', 'GET / HTTP/1.1'])
  while (streams.length === 0) await new Promise(setImmediate)
  t.equal(streams[0]?.send('data:second\n\n'), true)
  first.resolve('slow')
  t.match(await socket.until('second\n\n'), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nslowHTTP\/1\.1 200 OK\r\n[^]*\r\n\r\ndata:first\n\ndata:second\n\n$/)
})

t.test('stream: a client that leaves while its answer waits behind another is known to have left', async t => {
  const app = Fastify()
  const left = Promise.withResolvers<string>()
  const opened = Promise.withResolvers<Stream>()
  app.get('/never', () => new Promise(() => {}))
  app.get('/', (_request, reply) => {
    opened.resolve(new Stream(reply, 1024, 'data:first\n\n', { ready: () => {}, ended: left.resolve }))
  })
  t.teardown(() => closeNow(app))
  const { socket } = await dial(t, await app.listen({ host: '127.0.0.1', port: 0 }), ['GET /never HTTP/1.1', 'Host: a', '', 'GET / HTTP/1.1'])
  await opened.promise
  socket.destroy()
  t.equal(await left.promise, 'left')
})
