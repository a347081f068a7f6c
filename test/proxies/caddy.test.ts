import t from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { freePort } from '../support/port.ts'
import { codeBlock } from '../support/docs.ts'
import { lacks, startCaddy } from '../support/proxies.ts'
import { startRelay } from '../support/relay.ts'
import { watch } from '../support/sse.ts'

const block = codeBlock('docs/deploy.md', 'caddyfile')
const skip = lacks('caddy', 'version')

for (const [name, directive] of Object.entries({ '': '', ' and compressing': 'encode {\ngzip\nminimum_length 0\n}' })) {
  t.test(`Caddy with the documented file${name} passes each frame on immediately`, { skip }, async t => {
    const relay = await startRelay(t)
    const port = await freePort()
    await startCaddy(t, block
      .replace('relay.example', `http://127.0.0.1:${port}`)
      .replace('reverse_proxy 127.0.0.1:3000', `${directive}\nreverse_proxy ${relay.url}`))
    const stream = await watch(t, `http://127.0.0.1:${port}/events/a`)

    t.equal((await stream.next()).event, 'subscribed')
    for (const phrase of ['First', 'Second']) {
      await post(relay.url, phraseReady('a', phrase))
      t.equal((await stream.next()).data.validateInfo, phrase)
    }
    for (const path of ['/metrics', '/metrics/', '//metrics']) {
      t.equal((await fetch(`http://127.0.0.1:${port}${path}`)).status, 404, path)
    }
  })
}
