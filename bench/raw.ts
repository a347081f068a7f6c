// Baseline for benchmarks, not an example: the cost of the same work with node:http alone. It validates little, stores
// nothing, and writes frames directly to the sockets.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n' +
  'Connection: close\r\n\r\n'
const watchers = new Map<string, Set<Socket>>()
let serial = 0

function watch (taskId: string, socket: Socket): void {
  const sockets = watchers.get(taskId) ?? new Set()
  watchers.set(taskId, sockets.add(socket))
  socket.once('close', () => {
    sockets.delete(socket)
    if (sockets.size === 0) watchers.delete(taskId)
  })
  socket.write(`${HEAD}retry:2000\n\n`)
}

function publish (body: string): void {
  const { data } = JSON.parse(body) as { data: { taskId: string } }
  const frame = Buffer.from(`event:phrase-ready\nid:${++serial}\ndata:${JSON.stringify(data)}\n\n`)
  for (const socket of watchers.get(data.taskId) ?? []) socket.write(frame)
}

function receive (request: IncomingMessage, response: ServerResponse): void {
  let body = ''
  request.setEncoding('utf8').on('data', (chunk) => { body += chunk }).on('end', () => {
    publish(body)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 17 }).end('{"received":true}')
  })
}

const server = createServer((request, response) => {
  const [, , taskId] = request.url!.split('/')
  if (request.method === 'POST') receive(request, response)
  else if (taskId) watch(taskId, request.socket)
  else response.end()
})
server.listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 4096 })
