import t from 'tap'
import { submitTo, VALIDATE } from '../support/asking.ts'
import { freePort } from '../support/port.ts'
import { runCommand, runtimeCommand, startProcess } from '../support/process.ts'
import { watch } from '../support/sse.ts'

const DEMO = runtimeCommand('src/bin.js', 'demo')

t.test('npm run demo: starts a sandbox and a relay next to it, and ends with both', async t => {
  const env = { PORT: String(await freePort()), ASK_AFTER_MS: '50' }
  const command = ['npm', 'run', '--silent', 'demo', '--', '--lose', '1', '--phrase-after', '5ms']
  const { url, printed, kill } = await startProcess(t, env, command)
  await printed(new RegExp(`open ${url} and press "Ask Suno for a phrase"`))
  t.match(await (await fetch(url)).text(), 'data-submit="yes"')

  const { status, json } = await submitTo(`${url}/tasks`, VALIDATE)
  t.equal(status, 201)
  const stream = await watch(t, json.events)
  const frames = [await stream.next(), await stream.next(), await stream.next()]
  t.strictSame(frames.map(({ event }) => event), ['subscribed', 'task-overdue', 'phrase-ready'])

  await kill('SIGINT')
  await t.rejects(fetch(url))
})

t.test('demo: brings the callback of a sandbox with a key, and ends by itself', async t => {
  const args = ['--vendor', 'kie', '--hmac-key', 'key', '--api-key', 'right', '--phrase-after', '5ms']
  const { url, kill } = await startProcess(t, { PORT: String(await freePort()) }, [...DEMO, ...args])

  const { json } = await submitTo(`${url}/tasks`, VALIDATE)
  const stream = await watch(t, json.events)
  await stream.next()
  t.match(await stream.next(), { event: 'phrase-ready', data: { source: 'callback' } })
  t.equal(await kill('SIGINT'), 0)
})

t.test('demo: reports a wrong option or a wrong setting in one line, and ends', async t => {
  const wrong = await runCommand(t, [...DEMO, '--lose', '2'])
  t.match(wrong, { code: 1, output: /^Cannot start the sandbox: --lose is "2", expected [^\n]+\n$/ })
  const noPort = await runCommand(t, DEMO, { PORT: '0' })
  t.match(noPort, { code: 1, output: /^Cannot start the demo: PORT is 0, expected [^\n]+\n$/ })
  const unset = await runCommand(t, DEMO, { PORT: '', LOG_LEVEL: 'loud' })
  t.match(unset, { code: 1, output: /^Cannot start: LOG_LEVEL is "loud", expected [^\n]+\n$/ })
})

t.test('demo --help prints the options of the sandbox', async t => {
  const { code, output } = await runCommand(t, [...DEMO, '--help'])
  t.equal(code, 0)
  t.match(output, '--lose ')
})
