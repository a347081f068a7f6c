import t from 'tap'
import packageJson from '../package.json' with { type: 'json' }
import { requireNode } from '../src/runtime.ts'

for (const version of ['18.20.8', '20.20.2', '21.7.3', '22.17.1']) {
  t.test(`requireNode() refuses Node ${version} in one sentence`, async t => {
    const message = `Cannot load Phrase Relay: this is Node ${version}, expected 22.18 or newer`
    t.throws(() => { requireNode(version) }, { message })
  })
}

for (const version of ['22.18.0', '22.20.1', '23.0.0', '24.1.0', '100.0.0']) {
  t.test(`requireNode() accepts Node ${version}`, async t => {
    t.equal(requireNode(version), undefined)
  })
}

t.test('requireNode() requires the same version as package.json', async t => {
  t.equal(packageJson.engines.node, '>=22.18')
})
