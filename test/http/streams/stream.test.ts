import { once } from 'node:events'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { closingFrame } from '../../../src/http/streams/frames.ts'
import { Stream } from '../../../src/http/streams/stream.ts'
import { dial } from '../../support/socket.ts'
import { closeNow } from '../../support/relay.ts'

/** Stream with one frame and a log of its callbacks. */
class LoggedStream extends Stream {
  readonly log: string[] = []
  readonly over = Promise.withResolvers<string>()

  constructor (reply: FastifyReply, bufferBytes = 1024) {
    super(bufferBytes)
    this.open(reply, 'data:first\n\n')
  }

  protected onDrain (): void {
    this.log.push('drained')
  }

  protected onEnd (reason: string): void {
    this.log.push(reason)
    this.over.resolve(reason)
  }
}

/** Listens on a free port until the test ends. Resolves with the URL. */
async function listen (t: Test, app: FastifyInstance): Promise<string> {
  t.teardown(() => closeNow(app))
  return app.listen({ host: '127.0.0.1', port: 0 })
}

/** Returns the lines of a request that another one follows. */
function pipelined (path: string): string[] {
  return [`GET ${path} HTTP/1.1`, 'Host: localhost', '']
}

/** Starts a server that answers with a bare stream, one frame and the headers that a hook set. */
async function serve (t: Test, headers: Record<string, string | string[]> = {}, bufferBytes?: number) {
  const app = Fastify()
  const opened = Promise.withResolvers<LoggedStream>()
  app.get('/', (_request, reply) => {
    reply.headers(headers)
    opened.resolve(new LoggedStream(reply, bufferBytes))
  })
  const socket = await dial(t, await listen(t, app), ['GET / HTTP/1.1'])
  const stream = await opened.promise
  return { log: stream.log, socket, stream }
}

t.test('stream: head and first frame arrive in one piece without chunks, and the connection ends the body', async t => {
  const { socket, stream } = await serve(t, { vary: 'origin', 'set-cookie': ['a=1', 'b=2'] })
  stream.end('drain', { retryMs: 1000 })
  const answer = await socket.ended()
  const [head = '', body] = answer.split(/\r\n\r\n/)
  t.match(head, /^HTTP\/1\.1 200 OK\r\n[^]*\r\nDate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\nConnection: close$/)
  t.match(head, /\nvary: origin\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n/)
  t.match(head, /\r\ncontent-type: text\/event-stream\r\n/)
  t.equal(body, `data:first\n\n${closingFrame('drain', { retryMs: 1000 })}`)
})

t.test('stream: calls after the end have no effect, and the end is reported once', async t => {
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

t.test('stream: a client that keeps its half open does not delay the end', async t => {
  const { log, socket, stream } = await serve(t)
  await socket.until('first\n\n')
  socket.socket.allowHalfOpen = true
  stream.end('done')
  while (log.length === 0) await new Promise(setImmediate)
  t.strictSame(log, ['done'])
})

t.test('stream: framing headers appear once, whatever a hook set', async t => {
  const headers = { connection: 'keep-alive', date: 'today', 'content-length': '3', 'x-note': 'a' }
  const { socket, stream } = await serve(t, headers)
  stream.end('done')
  const [head = ''] = (await socket.ended()).split('\r\n\r\n')
  t.match(head, /\nx-note: a\r/)
  t.equal(head.match(/\n(connection|date|content-length):/gi)?.length, 2)
  t.match(head, /\nConnection: close$/)
})

for (const [name, value] of [['x-note', 'a\r\nset-cookie: b=1'], ['x note', 'a']] as const) {
  t.test(`stream: an invalid header ${JSON.stringify([name, value])} is an error that can be answered`, async t => {
    const app = Fastify()
    app.get('/', (_request, reply) => {
      reply.header(name, value)
      t.throws(() => new LoggedStream(reply), TypeError)
      return reply.removeHeader(name).code(500).send('refused')
    })
    const socket = await dial(t, await listen(t, app), ['GET / HTTP/1.1', 'Connection: close'])
    t.match(await socket.ended(), /^HTTP\/1\.1 500 .*refused$/s)
  })
}

t.test('stream: a client that is disconnected while it is behind gets no more frames', async t => {
  const app = Fastify()
  const opened = Promise.withResolvers<{ stream: LoggedStream, request: FastifyRequest }>()
  app.get('/', (request, reply) => { opened.resolve({ stream: new LoggedStream(reply), request }) })
  const { socket } = await dial(t, await listen(t, app), ['GET / HTTP/1.1', 'Host: localhost'])
  const { stream, request } = await opened.promise
  socket.pause()
  t.equal(stream.send(`data:${'x'.repeat(20_000_000)}\n\n`), true)
  request.raw.socket.destroy()

  t.equal(stream.send(`data:${'x'.repeat(2000)}\n\n`), false)
  stream.keepAlive()
  stream.end('drain')

  await stream.over.promise
  await new Promise(setImmediate)
  t.strictSame(stream.log, ['left'])
})

t.test('stream: no listener for the end of the response keeps the request in memory', async t => {
  const app = Fastify({ logger: { level: 'silent' } })
  app.get('/', (_request, reply) => {
    const waiting = reply.raw.listenerCount('finish')
    opened.resolve({ stream: new LoggedStream(reply), waiting, left: reply.raw.listenerCount('finish') })
  })
  const opened = Promise.withResolvers<{ stream: Stream, waiting: number, left: number }>()
  await dial(t, await listen(t, app), ['GET / HTTP/1.1', 'Host: localhost'])
  const { waiting, left } = await opened.promise
  t.ok(waiting > 0)
  t.equal(left, 0)
})

t.test('stream: an ended stream is destroyed if its reader takes nothing', async t => {
  const { socket: { socket }, stream } = await serve(t, {}, Infinity)
  socket.pause()
  const frame = `data:${'x'.repeat(1_000_000)}\n\n`
  for (let sent = 0; sent < 20; sent++) stream.send(frame)
  stream.end('done')
  for (let swept = 0; swept < 5; swept++) stream.keepAlive()
  t.equal(await stream.over.promise, 'done')
})

t.test('stream: a reader that misses four keep-alives is disconnected, even if a comment would fit', async t => {
  const { socket: { socket }, stream } = await serve(t, {}, 20_000_100)
  socket.pause()
  t.equal(stream.send('x'.repeat(20_000_000)), true)
  t.equal(stream.send('x'.repeat(200)), false)
  for (let swept = 0; swept < 5; swept++) stream.keepAlive()
  t.equal(await stream.over.promise, 'slow')
})

t.test('stream: a reader that has caught up may miss another four keep-alives', async t => {
  const { log, socket: { socket }, stream } = await serve(t, {}, 1024)
  for (let round = 0; round < 2; round++) {
    socket.pause()
    t.equal(stream.send('x'.repeat(20_000_000)), true)
    t.equal(stream.send('x'), false)
    for (let swept = 0; swept < 3; swept++) stream.keepAlive()
    socket.resume()
    while (log.length === round) await new Promise(setImmediate)
  }
  t.strictSame(log, ['drained', 'drained'])
})

t.test('stream: a pipelined request is answered after the one before it', async t => {
  const app = Fastify()
  const first = Promise.withResolvers<string>()
  app.get('/slow', () => first.promise)
  app.get('/', (_request, reply) => { streams.push(new LoggedStream(reply)) })
  const streams: Stream[] = []
  const socket = await dial(t, await listen(t, app), [...pipelined('/slow'), 'GET / HTTP/1.1'])
  while (streams.length === 0) await new Promise(setImmediate)
  t.equal(streams[0]?.send('data:second\n\n'), true)
  first.resolve('slow')
  const [, slow, head, body] = (await socket.until('second\n\n')).split(/\r\n\r\n|(?<=slow)(?=HTTP)/)
  t.equal(slow, 'slow')
  t.match(head, /^HTTP\/1\.1 200 OK\r\n/)
  t.equal(body, 'data:first\n\ndata:second\n\n')
})

t.test('stream: a client that disconnects while its response waits behind another is reported', async t => {
  const app = Fastify()
  const opened = Promise.withResolvers<LoggedStream>()
  app.get('/never', () => new Promise(() => {}))
  app.get('/', (_request, reply) => {
    opened.resolve(new LoggedStream(reply))
  })
  const { socket } = await dial(t, await listen(t, app), [...pipelined('/never'), 'GET / HTTP/1.1'])
  const { over } = await opened.promise
  socket.destroy()
  t.equal(await over.promise, 'left')
})
