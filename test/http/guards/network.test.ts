import t from 'tap'
import { networkOf, normalizeForwardedFor } from '../../../src/http/guards/network.ts'

const networks: ReadonlyArray<[address: string, network: string]> = [
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8:1:2::6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['2001:db8::3:4:5:6:7', '2001:db8:0:3'],
  ['::1', '0:0:0:0'],
  ['::2:3:4:5:6:7:8', '0:2:3:4'],
  ['fe80::', 'fe80:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['192.0.2.7:5678', '192.0.2.7'],
  ['[2001:db8:1:2::6]:5678', '2001:db8:1:2'],
  ['[2001:db8:1:2::6]', '2001:db8:1:2'],
  ['[::ffff:192.0.2.7]:80', '192.0.2.7']
]

for (const [address, network] of networks) {
  t.test(`networkOf() counts ${address} as ${network}`, async t => {
    t.equal(networkOf(address), network)
  })
}

t.test('networkOf() counts closed connections as one network', async t => {
  t.equal(networkOf(undefined), '')
})

t.test('normalizeForwardedFor() removes ports and keeps the last 32 entries', async t => {
  t.equal(normalizeForwardedFor('192.0.2.1:80, [2001:db8::1]:443,192.0.2.2'), '192.0.2.1, 2001:db8::1, 192.0.2.2')
  t.equal(normalizeForwardedFor('unknown, _hidden'), 'unknown, _hidden')
  const entries = Array.from({ length: 100 }, (_, n) => `192.0.2.${n}`)
  t.equal(normalizeForwardedFor(entries.join(',')), entries.slice(-32).join(', '))
})
