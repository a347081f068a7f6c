import t, { type Test } from 'tap'
import { quarantine } from '../../src/cli/quarantine.ts'
import { sqliteStore } from '../../src/store/sqlite/store.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { runCommand, runtimeCommand, startProcess } from '../support/process.ts'
import { databasePath } from '../support/sqlite.ts'
import { watch } from '../support/sse.ts'

const COMING = new Date('2026-01-02T03:04:05.678Z')

/** A store's file with a body that can be read and one that cannot. */
async function heldFile (t: Test): Promise<{ STORE_URL: string }> {
  const path = databasePath(t)
  const store = await sqliteStore(path, { now: () => COMING.getTime() })
  await store.quarantine.hold({ step: 'validate', body: JSON.stringify(phraseReady('a')), reason: 'it was odd', digest: 'one' })
  await store.quarantine.hold({ step: 'generate', body: '{"msg":"\u009b31m\u007f"}', reason: 'it is odd', digest: 'two' })
  await store.close()
  return { STORE_URL: `sqlite:${path}` }
}

t.test('quarantine list prints what is held, a line each', async t => {
  const env = await heldFile(t)
  t.equal(await quarantine(['list'], env), '1\t2026-01-02T03:04:05.678Z\tvalidate\t159\tit was odd\n2\t2026-01-02T03:04:05.678Z\tgenerate\t16\tit is odd\n')
})

t.test('quarantine show prints a body that no terminal obeys', async t => {
  const env = await heldFile(t)
  t.strictSame(JSON.parse(await quarantine(['show', '1'], env)), phraseReady('a'))
  t.equal(await quarantine(['show', '2'], env), '{"msg":"\\u009b31m\\u007f"}\n')
})

t.test('quarantine replay makes events of what can be read, once', async t => {
  const env = await heldFile(t)
  t.match(await quarantine(['replay'], env), /^1\tbecame [0-9a-f]{8}\.1 of task a\n2\tstays: Cannot read the callback: .*\n$/)
  t.match(await quarantine(['replay'], env), /^2\tstays: .*\n$/)
})

t.test('quarantine replay of one leaves the others', async t => {
  const env = await heldFile(t)
  t.match(await quarantine(['replay', '2'], env), /^2\tstays: .*\n$/)
  t.match(await quarantine(['list'], env), /^1\t.*\n2\t/)
})

t.test('quarantine drop forgets one', async t => {
  const env = await heldFile(t)
  t.equal(await quarantine(['drop', '1'], env), '1\tdropped\n')
  t.match(await quarantine(['list'], env), /^2\t[^\n]*\n$/)
})

t.test('quarantine without a verb prints its help', async t => {
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
    await t.rejects(quarantine([...args], await heldFile(t)), new RangeError(problem))
  })
}

t.test('quarantine is refused where there is no file, and makes none', async t => {
  const STORE_URL = `sqlite:${databasePath(t)}`
  for (const env of [{ STORE_URL }, { STORE_URL }, { STORE_URL: 'memory:' }]) {
    await t.rejects(quarantine(['list'], env), new RangeError(`Cannot open the quarantine: STORE_URL is "${env.STORE_URL}", which is no file, expected the server's`))
  }
})

t.test('the process sees to the quarantine beside a server that runs, and its open streams get what is replayed', async t => {
  const path = databasePath(t)
  const env = { STORE_URL: `sqlite:${path}`, CALLBACK_TOKENS: 'token' }
  const { url } = await startProcess(t, env)
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  await post(url, { code: 200, data: { taskId: 7 } }, { query: '?token=token' })
  const store = await sqliteStore(path)
  await store.quarantine.hold({ step: 'validate', body: JSON.stringify(phraseReady('a')), reason: 'it was odd', digest: 'one' })
  await store.close()

  const run = (...args: string[]) => runCommand(t, runtimeCommand('src/bin.js', 'quarantine', ...args), env)
  t.match(await run('list'), { code: 0, output: /^1\t.*\tregenerate\t.*\/data\/taskId.*\n2\t.*\tvalidate\t/ })
  t.match(await run('replay', '2'), { code: 0, output: /^2\tbecame .*\.1 of task a\n$/ })
  t.match(await run('show', '2'), { code: 1, output: /^Cannot show 2: / })
  t.match(await stream.next(), { event: 'phrase-ready', data: { taskId: 'a' } })
})
