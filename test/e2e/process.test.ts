import { join } from 'node:path'
import t from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { startProcess } from '../support/process.ts'
import { temporaryFolder } from '../support/relay.ts'
import { watch } from '../support/sse.ts'

t.test('the process keeps what it acknowledged over a restart', async t => {
  const env = { STORE_URL: `sqlite:${join(temporaryFolder(t), 'relay.db')}` }
  const first = await startProcess(t, env)
  const { json } = await post(first.url, phraseReady('a'))
  t.equal(await first.kill(), 0)

  const second = await startProcess(t, env)
  const stream = await watch(t, `${second.url}/events/a`)
  await stream.next()

  t.equal((await stream.next()).id, json.eventId)
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  t.test(`the process drains its streams on ${signal} and exits with 0`, async t => {
    const { url, kill } = await startProcess(t)
    const stream = await watch(t, `${url}/events/a`)
    await stream.next()
    const killed = kill(signal)
    t.strictSame(await stream.rest(), ['closing'])
    t.equal(await killed, 0)
  })
}
