import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { sandbox } from '../../src/cli/sandbox.ts'
import { createSunoClient } from '../../src/suno/client.ts'
import { checkKieSignature } from '../../src/suno/signature.ts'
import { startReceiver } from '../support/receiver.ts'
import { runCommand, runtimeCommand, startProcess } from '../support/process.ts'
import { watch } from '../support/sse.ts'

const VALIDATE = { voiceUrl: 'https://app.example/voice.mp3', vocalStartS: 0, vocalEndS: 10 }

/** The command as a user types it. */
function command (...args: string[]): string[] {
  return runtimeCommand('src/bin.js', 'sandbox', ...args)
}

function startSandbox (t: Test, ...args: string[]) {
  return startProcess(t, {}, command('--port', '0', ...args))
}

t.test('sandbox --help prints every option', async t => {
  const { code, output } = await runCommand(t, command('--help'))
  t.equal(code, 0)
  t.match(output, /^Runs a Suno to develop against/)
  const options = [...output.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, option]) => option)
  t.strictSame(options, [
    'port', 'host', 'vendor', 'api-key', 'hmac-key', 'phrase-after', 'voice-after', 'phrase-life', 'late-by',
    'lose', 'duplicate', 'late', 'fail', 'empty-first', 'same-id', 'rate-limit', 'credits', 'seed'
  ])
})

t.test('sandbox says how to point a relay at it', async t => {
  const { url, output } = await startSandbox(t, '--seed', '7')
  t.equal(output(), `sandbox of sunoapi.org listening on ${url} (--seed 7)
point a relay at it: SUNO_API_URL=${url} SUNO_API_KEY=anything
`)
})

t.test('sandbox draws a seed where none is given, and says which', async t => {
  const { output } = await startSandbox(t)
  t.match(output(), /\(--seed \d+\)/)
})

t.test('sandbox brings a phrase and prints a line for each call and each callback', async t => {
  const { url, printed } = await startSandbox(t, '--phrase-after', '5ms')
  const receiver = await startReceiver(t)
  const suno = createSunoClient({ apiUrl: url, apiKey: 'any' })
  const taskId = await suno.submit('validate', VALIDATE, `${receiver.url}/callback?token=secret`)
  t.match((await receiver.next()).body, { code: 200, data: { taskId, status: 'wait_validating' } })
  const callback = `callback of ${taskId} \\(wait_validating\\) to ${receiver.url}/callback: 200`
  await printed(new RegExp(`^POST validate: 200 success\n${callback}\n`, 'm'))
})

t.test('sandbox takes all of its options', async t => {
  const { url, output, kill } = await startSandbox(
    t, '--vendor', 'kie', '--hmac-key', 'a key', '--api-key', 'right', '--host', '127.0.0.1',
    '--phrase-after', '0.01s', '--voice-after', '1m', '--phrase-life', '1h', '--late-by', '1ms',
    '--lose', '0', '--duplicate', '1.0', '--late', '--fail', '--empty-first', '.0', '--same-id',
    '--credits', '1', '--seed=1', '--rate-limit'
  )
  t.match(output(), /^sandbox of kie\.ai listening on http:\/\/127\.0\.0\.1:\d+\/api\.kie\.ai \(--seed 1\)\n/)
  t.match(output(), / SUNO_API_KEY=the one of --api-key\n$/)
  const suno = createSunoClient({ apiUrl: url, apiKey: 'right' })
  const receiver = await startReceiver(t)

  const stranger = createSunoClient({ apiUrl: url, apiKey: 'wrong' })
  await t.rejects(stranger.submit('validate', VALIDATE), { name: 'SunoError', kind: 'unauthorized' })
  const taskId = await suno.submit('validate', VALIDATE, receiver.url)
  const { headers, body } = await receiver.next()
  t.match(body, { code: 400, data: { taskId, status: 'processing_validate_fail' } })
  t.ok(checkKieSignature(headers, JSON.stringify(body), { keys: ['a key'], windowSeconds: 300, now: Date.now() }))
  t.strictSame((await receiver.next()).body, body)
  await t.rejects(suno.submit('regenerate', { taskId }), { name: 'SunoError', kind: 'no-credits' })
  // The submissions were two of twenty calls.
  for (let i = 2; i < 20; i++) await suno.ask('validate', taskId)
  await t.rejects(suno.ask('validate', taskId), { name: 'SunoError', kind: 'busy' })
  await kill()
})

t.test('sandbox brings signed phrases to the streams of a relay', async t => {
  const relay = await startProcess(t, { WEBHOOK_HMAC_KEYS: 'a key' })
  const { url } = await startSandbox(t, '--vendor', 'kie', '--hmac-key', 'a key', '--phrase-after', '10ms')
  const suno = createSunoClient({ apiUrl: url, apiKey: 'any' })
  const taskId = await suno.submit('validate', VALIDATE, `${relay.url}/callback/validate`)
  const stream = await watch(t, `${relay.url}/events/${taskId}`)
  await stream.next()
  t.match(await stream.next(), { event: 'phrase-ready', data: { taskId, step: 'validate', validateInfo: /\w/ } })
})

t.test('sandbox --same-id keeps the task id', async t => {
  const { url } = await startSandbox(t, '--same-id')
  const suno = createSunoClient({ apiUrl: url, apiKey: 'any' })
  const taskId = await suno.submit('validate', VALIDATE)
  t.equal(await suno.submit('regenerate', { taskId }), taskId)
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  t.test(`sandbox ends at ${signal}`, { skip: process.platform === 'win32' && 'signals are POSIX' }, async t => {
    const { url, kill } = await startSandbox(t)
    const suno = createSunoClient({ apiUrl: url, apiKey: 'any' })
    await suno.submit('validate', VALIDATE, 'http://127.0.0.1:1/')
    t.equal(await kill(signal), 0)
    await t.rejects(suno.submit('validate', VALIDATE), { name: 'SunoError', kind: 'unreachable' })
  })
}

t.test('sandbox says in one line that its port is taken', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  t.match(await runCommand(t, command('--port', String(port))), { code: 1, output: /^[^\n]*EADDRINUSE[^\n]*\n$/ })
})

const PROBABILITY = 'a probability from 0 to 1'
const TIME = 'a number and ms, s, m or h, up to 24h'
for (const [args, problem] of [
  [['--port', '65536'], '--port is "65536", expected a whole number from 0 to 65535'],
  [['--port', 'http'], '--port is "http", expected a whole number from 0 to 65535'],
  [['--vendor', 'suno'], '--vendor is "suno", expected sunoapi or kie'],
  [['--hmac-key', 'k'], '--hmac-key needs --vendor kie, sunoapi.org signs nothing'],
  [['--phrase-after', '3'], `--phrase-after is "3", expected ${TIME}`],
  [['--voice-after', '25h'], `--voice-after is "25h", expected ${TIME}`],
  [['--phrase-life=-1s'], `--phrase-life is "-1s", expected ${TIME}`],
  [['--late-by', ''], `--late-by is "", expected ${TIME}`],
  [['--lose', '1.5'], `--lose is "1.5", expected ${PROBABILITY}`],
  [['--duplicate', 'often'], `--duplicate is "often", expected ${PROBABILITY}`],
  [['--late', ''], `--late is "", expected ${PROBABILITY}`],
  [['--fail=30%'], `--fail is "30%", expected ${PROBABILITY}`],
  [['--empty-first=-0'], `--empty-first is "-0", expected ${PROBABILITY}`],
  [['--rate-limit', '1.5'], `--rate-limit is "1.5", expected a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`],
  [['--credits', '-1'], null],
  [['--seed', '4294967296'], '--seed is "4294967296", expected a whole number from 0 to 4294967295'],
  [['--color', 'red'], null],
  [['--vendor'], null],
  [['now'], null]
] as const) {
  t.test(`sandbox ${args.join(' ')} is refused`, async t => {
    await t.rejects(sandbox([...args]), problem ? new RangeError(`Cannot start the sandbox: ${problem}`) : TypeError)
  })
}

t.test('sandbox tells a mistake in one line', async t => {
  t.strictSame(await runCommand(t, command('--lose', 'often')), {
    code: 1,
    output: 'Cannot start the sandbox: --lose is "often", expected a probability from 0 to 1\n'
  })
})
