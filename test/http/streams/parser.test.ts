import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { phraseReady, post } from '../../support/callbacks.ts'
import { startRelay } from '../../support/relay.ts'
import { closed, dial, type TestSocket } from '../../support/socket.ts'

type ServerSocket = Socket & { readonly parser?: { readonly incoming: IncomingMessage | null } | null }

const isDeno = 'Deno' in globalThis
const isHidden = process.getBuiltinModule('_http_common') === undefined
const skip = (isDeno || isHidden) && 'this runtime keeps the parser'

interface Opened {
  readonly url: string
  readonly client: TestSocket
  /** The server's side of the connection. */
  readonly server: ServerSocket
}

async function openStream (t: Test, before: string[] = []): Promise<Opened> {
  const { url, app } = await startRelay(t)
  const connection = once(app.server, 'connection') as Promise<[ServerSocket]>
  const client = await dial(t, url, [...before, 'GET /events/a HTTP/1.1'])
  await client.until('event:subscribed')
  const [server] = await connection
  await turn()
  return { url, client, server }
}

t.test('parser: a stream has none, and one that another connection gets reads only that one', { skip }, async t => {
  const { url, client, server } = await openStream(t)
  t.equal(server.parser, null)
  const other = await dial(t, url, ['GET /healthz HTTP/1.1'])
  await other.until('200 OK')
  client.socket.write('POST /callback HTTP/1.1\r\n')
  other.socket.write('GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await other.until('404 Not Found')
  await post(url, phraseReady('a'))
  await client.until('event:phrase-ready')
})

t.test('parser: what a client sends after its request is dropped', { skip }, async t => {
  const { url, client } = await openStream(t)
  client.socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n\0\0not HTTP\r\n')
  await post(url, phraseReady('a'))
  const text = await client.until('event:phrase-ready')
  t.equal(text.split('HTTP/1.1').length, 2, 'one answer')
})

t.test('parser: a client that sends more than 64 KiB after its request is disconnected', { skip }, async t => {
  const { client } = await openStream(t)
  client.socket.on('error', () => {})
  client.socket.write(Buffer.alloc(65_536 + 65_536))
  await closed(client.socket)
})

t.test('parser: the stream ends with its client\'s half of the connection', async t => {
  const { client, server } = await openStream(t)
  client.socket.end()
  await Promise.all([client.ended(), once(server, 'close')])
})

t.test('parser: the stream ends when its client is gone', async t => {
  const { client, server } = await openStream(t)
  client.socket.resetAndDestroy()
  await closed(server)
})

t.test('parser: it stays on a connection whose client has sent another request', { skip }, async t => {
  const { url, app } = await startRelay(t)
  const connection = once(app.server, 'connection') as Promise<[ServerSocket]>
  const requests = ['GET /events/a HTTP/1.1', 'Host: localhost', '', 'GET /events/b HTTP/1.1']
  const client = await dial(t, url, requests)
  await client.until('event:subscribed')
  await turn()
  t.ok((await connection)[0].parser)
  await post(url, phraseReady('a'))
  await client.until('event:phrase-ready')
})

// The same tests, and all others of streams, on a runtime that keeps the parser.
if (!isDeno && !isHidden) {
  const directory = fileURLToPath(new URL('.', import.meta.url))
  const preload = new URL('../../support/without-http-common.ts', import.meta.url).href
  for (const file of ['parser', 'stream', 'slow-reader']) {
    t.spawn(process.execPath, ['--import', preload, `${directory}${file}.test.ts`], {}, `${file}, without the module`)
  }
}
