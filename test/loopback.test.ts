import t from 'tap'
import { isLoopback, isLoopbackAddress } from '../src/loopback.ts'

t.test('isLoopback() knows the names and addresses of this machine', async t => {
  for (const host of ['localhost', '127.0.0.1', '127.8.8.8', '::1', '[::1]']) t.ok(isLoopback(host), host)
  for (const host of ['', 'relay.example', '127.0.0.1.example', '127.1', '::', '[::]', '10.0.0.1']) {
    t.notOk(isLoopback(host), host)
  }
})

t.test('isLoopbackAddress() knows IPv4 addresses in IPv6, and no address', async t => {
  const addresses = ['127.0.0.1', '::ffff:127.0.0.1', '::1', '::ffff:10.0.0.1', '10.0.0.1', undefined]
  t.strictSame(addresses.map(isLoopbackAddress), [true, true, true, false, false, false])
})
