import t from 'tap'
import { networkOf } from '../../../src/http/guards/network.ts'

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
  ['fe80::1%eth0', 'fe80:0:0:0']
]

for (const [address, network] of networks) {
  t.test(`networkOf() counts ${address} as ${network}`, async t => {
    t.equal(networkOf(address), network)
  })
}

t.test('networkOf() counts closed connections as one network', async t => {
  t.equal(networkOf(undefined), '')
})
