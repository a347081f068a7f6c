import t, { type Test } from 'tap'
import { quarantine } from '../../src/cli/quarantine.ts'
import { sqliteStore } from '../../src/store/sqlite/store.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { runCommand, runtimeCommand, startProcess } from '../support/process.ts'
import { databasePath } from '../support/sqlite.ts'
import { watch } from '../support/sse.ts'

const RECEIVED_AT = '2026-01-02T03:04:05.678Z'
const BODY = JSON.stringify(phraseReady('a'))
const READABLE = { step: 'validate', body: BODY, reason: 'it was odd', digest: 'one' } as const
const UNREADABLE = { step: 'generate', body: '{"msg":"\u009b31m\u007f"}', reason: 'it is odd', digest: 'two' } as const

/** Creates a database with a readable and an unreadable body in quarantine. */
async function databaseWithTwo (t: Test): Promise<{ STORE_URL: string }> {
  const path = databasePath(t)
  const store = await sqliteStore(path, { now: () => Date.parse(RECEIVED_AT) })
  await store.quarantine.hold(READABLE)
  await store.quarantine.hold(UNREADABLE)
  await store.close()
  return { STORE_URL: `sqlite:${path}` }
}

t.test('quarantine list prints one line per callback', async t => {
  const env = await databaseWithTwo(t)
  const lines = [`1\t${RECEIVED_AT}\tvalidate\t159\tit was odd\n`, `2\t${RECEIVED_AT}\tgenerate\t16\tit is odd\n`]
  t.equal(await quarantine(['list'], env), lines.join(''))
})

t.test('quarantine show escapes control characters for the terminal', async t => {
  const env = await databaseWithTwo(t)
  t.strictSame(JSON.parse(await quarantine(['show', '1'], env)), phraseReady('a'))
  t.equal(await quarantine(['show', '2'], env), '{"msg":"\\u009b31m\\u007f"}\n')
})

t.test('quarantine show removes tokens of callback URLs', async t => {
  const path = databasePath(t)
  const store = await sqliteStore(path)
  await store.quarantine.hold({ ...UNREADABLE, body: '{"url":"https://relay.example/callback?token=secret"}' })
  await store.close()
  const shown = '{"url":"https://relay.example/callback?token=[token]"}\n'
  t.equal(await quarantine(['show', '1'], { STORE_URL: `sqlite:${path}` }), shown)
})

t.test('quarantine replay publishes each readable callback once', async t => {
  const env = await databaseWithTwo(t)
  const output = /^1\tbecame [0-9a-f-]+\.1 of task a\n2\tstays: Cannot read the callback: .*\n$/
  t.match(await quarantine(['replay'], env), output)
  t.match(await quarantine(['replay'], env), /^2\tstays: .*\n$/)
})

t.test('quarantine replay ID leaves other callbacks', async t => {
  const env = await databaseWithTwo(t)
  t.match(await quarantine(['replay', '2'], env), /^2\tstays: .*\n$/)
  t.match(await quarantine(['list'], env), /^1\t.*\n2\t/)
})

t.test('quarantine drop deletes a callback', async t => {
  const env = await databaseWithTwo(t)
  t.equal(await quarantine(['drop', '1'], env), '1\tdropped\n')
  t.match(await quarantine(['list'], env), /^2\t[^\n]*\n$/)
})

t.test('quarantine without arguments prints its help', async t => {
  for (const args of [[], ['--help']]) t.match(await quarantine(args, {}), /^Manages the quarantine/)
})

for (const [args, problem] of [
  [['look'], 'Cannot run quarantine "look", expected list, show, replay, drop'],
  [['show', '7'], 'Cannot show 7: it is not in the quarantine, expected an id that list prints'],
  [['show'], 'Cannot show nothing: it is not in the quarantine, expected an id that list prints'],
  [['replay', '7'], 'Cannot replay 7: it is not in the quarantine, expected an id that list prints'],
  [['drop'], 'Cannot drop nothing: it is not in the quarantine, expected an id that list prints'],
  [['drop', '7'], 'Cannot drop 7: it is not in the quarantine, expected an id that list prints'],
  [['show', 'x'], 'Cannot read the id "x", expected a whole number']
] as const) {
  t.test(`quarantine ${args.join(' ')} is refused`, async t => {
    await t.rejects(quarantine([...args], await databaseWithTwo(t)), new RangeError(problem))
  })
}

t.test('quarantine refuses a missing file and creates none', async t => {
  const STORE_URL = `sqlite:${databasePath(t)}`
  for (const env of [{ STORE_URL }, { STORE_URL }, { STORE_URL: 'memory:' }]) {
    const fact = `STORE_URL is "${env.STORE_URL}", which is no file, expected the server's`
    await t.rejects(quarantine(['list'], env), new RangeError(`Cannot open the store: ${fact}`))
  }
})

t.test('quarantine works on the file of a running server, and its streams receive replayed events', async t => {
  const path = databasePath(t)
  const env = { STORE_URL: `sqlite:${path}`, CALLBACK_TOKENS: 'a-token-of-the-sender' }
  const { url } = await startProcess(t, env)
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  await post(url, { code: 200, data: { taskId: 7 } }, { query: '?token=a-token-of-the-sender' })
  const store = await sqliteStore(path)
  await store.quarantine.hold(READABLE)
  await store.close()

  const run = (...args: string[]) => runCommand(t, runtimeCommand('src/bin.js', 'quarantine', ...args), env)
  t.match(await run('list'), { code: 0, output: /^1\t.*\tregenerate\t.*\/data\/taskId.*\n2\t.*\tvalidate\t/ })
  t.match(await run('replay', '2'), { code: 0, output: /^2\tbecame .*\.1 of task a\n$/ })
  t.match(await run('show', '2'), { code: 1, output: /^Cannot show 2: / })
  t.match(await stream.next(), { event: 'phrase-ready', data: { taskId: 'a' } })
})
