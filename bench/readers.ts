// Replays the task `long` to many fast readers. Prints the number of bytes they got when its standard input ends:
// node bench/readers.ts <port> <readers>
import { connect } from 'node:net'
import { sourceAddress } from './wire.ts'

const [port, readers] = process.argv.slice(2).map(Number) as [number, number]
let bytes = 0

for (let i = 0; i < readers; i++) {
  const socket = connect({ port, host: '127.0.0.1', localAddress: sourceAddress(i) })
  socket.on('data', (chunk) => { bytes += chunk.length }).on('error', () => {})
  socket.write('GET /events/long?replay=all HTTP/1.1\r\nHost: localhost\r\n\r\n')
}
process.stdin.on('end', () => process.stdout.write(String(bytes), () => process.exit(0))).resume()
