import t, { type Test } from 'tap'
import { task, tasks } from '../../src/cli/tasks.ts'
import { draft, numbers } from '../../src/conformance/drafts.ts'
import { phraseFailed, phraseReady, post } from '../support/callbacks.ts'
import { runCommand, runtimeCommand } from '../support/process.ts'
import { startRelay } from '../support/relay.ts'
import { databasePath } from '../support/sqlite.ts'

const TOKEN = 't'.repeat(32)

/** Starts a relay with a ready, a failed and a waiting task. Returns the environments of a client and of the store. */
async function start (t: Test) {
  const STORE_URL = `sqlite:${databasePath(t)}`
  const relay = await startRelay(t, { ADMIN_TOKEN: TOKEN, STORE_URL })
  await post(relay.url, phraseReady('good'), { step: 'validate' })
  await post(relay.url, phraseFailed('bad'), { step: 'validate' })
  await relay.hub.submissions.watch({ id: 'r', taskId: 'late', step: 'generate' }, { askAfterMs: 1e6, giveUpMs: 1e7 })
  return { ...relay, env: { ADMIN_TOKEN: TOKEN, PORT: new URL(relay.url).port, STORE_URL } }
}

const rowsOf = (output: string) => output.trim().split('\n').map((line) => line.split(/ {2,}/).slice(0, 3))

t.test('tasks: lists the tasks of a relay, or of a store', async t => {
  const { env } = await start(t)
  const output = await tasks([], env)
  t.strictSame(rowsOf(output), [
    ['TASK', 'STATE', 'STEP'],
    ['late', 'pending', 'generate'],
    ['bad', 'phrase-failed', 'validate'],
    ['good', 'phrase-ready', 'validate']
  ])
  t.strictSame(rowsOf(await tasks(['--store'], env)), rowsOf(output))
  const idsOf = async (group: string) => JSON.parse(await tasks(['--json', group], env))
    .map(({ taskId }: { taskId: string }) => taskId)
  t.strictSame(await idsOf('--waiting'), ['late'])
  t.strictSame(await idsOf('--failed'), ['bad'])
  t.strictSame(await idsOf('--ready'), ['good'])
  t.strictSame(await idsOf('--overdue'), [])
})

t.test('tasks: goes on until there are enough', async t => {
  const { env, hub } = await start(t)
  for (const n of numbers(300)) await hub.publish(`${n}`, draft(`${n}`))
  const count = async (...args: string[]) => JSON.parse(await tasks(['--json', ...args], env)).length
  t.equal(await count(), 50)
  t.equal(await count('--limit', '250'), 250)
  t.equal(await count('--limit', '1000'), 303)
  t.equal(await count('--limit', '1', '--ready'), 1)
})

t.test('task: prints submissions and events', async t => {
  const { env, url } = await start(t)
  await post(url, { code: 200, msg: '\u001b[31m', data: { taskId: 'late', status: 'busy' } }, { step: 'generate' })
  const output = await task(['late'], env)
  t.match(output, /^task +late\nstate +pending\n\nSUBMITTED +STEP +STAGE +ASKED\n\S+Z +generate +expected +0\n\n/)
  t.match(output, /\nRECEIVED +EVENT .*\n\S+Z +task-update +generate +busy +\S+\.1 +\\u001b\[31m\n$/)
  t.equal(await task(['late', '--store'], env), output)
  t.match(await task(['good'], env), /phrase-ready +validate +wait_validating/)
  t.match(JSON.parse(await task(['--json', 'bad'], env)), { taskId: 'bad', events: [{}] })
  for (const source of [[], ['--store']]) {
    await t.rejects(task(['nobody', ...source], env), { message: 'Cannot show the task: nobody is unknown' })
  }
  t.notMatch(await task(['good'], env), 'SUBMITTED')
})

t.test('task: prints all events of a long task', async t => {
  const { env, hub } = await start(t)
  const data = JSON.stringify({ receivedAt: '2026-01-02T03:04:05.678Z', step: 'validate', msg: 'x'.repeat(100_000) })
  for (const n of numbers(7)) await hub.publish('long', { ...draft(`${n}`), data })
  t.equal(JSON.parse(await task(['long', '--json'], env)).events.length, 7)
})

t.test('tasks and task print their help', async t => {
  t.match(await tasks(['--help'], {}), /^Lists tasks/)
  for (const args of [[], ['--help'], ['a', '--help']]) t.match(await task(args, {}), /^Prints the submissions/)
})

for (const [args, problem] of [
  [['--waiting', '--failed'], 'Cannot list waiting and failed tasks, expected one of them'],
  [['--limit', '0'], 'Cannot list tasks: --limit is "0", expected 1 to 100000'],
  [['--limit', 'x'], 'Cannot list tasks: --limit is "x", expected 1 to 100000']
] as const) {
  t.test(`tasks ${args.join(' ')} is refused`, async t => {
    await t.rejects(tasks([...args], {}), new RangeError(problem))
  })
}

t.test('task a b is refused', async t => {
  await t.rejects(task(['a', 'b'], {}), new RangeError('Cannot show "a b", expected one task id'))
  await t.rejects(task(['no/id'], {}), new RangeError('Cannot show "no/id", expected one task id'))
})

t.test('commands of a process print one line for an error', async t => {
  const output = 'Cannot list waiting and failed tasks, expected one of them\n'
  const command = runtimeCommand('src/bin.js', 'tasks', '--waiting', '--failed')
  t.strictSame(await runCommand(t, command), { code: 1, output })
})
