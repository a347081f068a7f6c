import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { numbers } from '../../../src/conformance/drafts.ts'
import { submit } from '../../../src/conformance/store/submission-drafts.ts'
import { sqliteStore } from '../../../src/store/sqlite/store.ts'
import { runtimeCommand } from '../../support/process.ts'
import { databasePath } from '../../support/sqlite.ts'

const PATIENCE = { askAfterMs: 0, giveUpMs: 3_600_000 }

/** Starts a process that opens a file. Returns a function that claims what is due in it. */
async function startClaimer (t: Test, path: string): Promise<() => Promise<string[]>> {
  const [command, ...args] = runtimeCommand('test/support/claimer.ts', path)
  const child = spawn(command as string, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => { child.kill() })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  t.equal((await lines.next()).value, 'ready')
  return async () => {
    child.stdin.write('claim\n')
    return JSON.parse((await lines.next()).value as string)
  }
}

t.test('sqliteStore submissions.claim() gives each submission to one of two processes', async t => {
  const path = databasePath(t)
  // Due by the clock of every process.
  const store = await sqliteStore(path, { now: () => Date.now() - 60_000 })
  t.teardown(() => store.close())
  const claimers = await Promise.all([startClaimer(t, path), startClaimer(t, path)])
  for (const id of numbers(20).map(String)) {
    await store.submissions.reserve({ id, step: 'validate' }, PATIENCE)
    await store.submissions.expect(id, id)
    const claimed = await Promise.all(claimers.map((claim) => claim()))
    t.strictSame(claimed.flat(), [id])
  }
})

t.test('sqliteStore submissions.claim() is not late when the wall clock was set back before a restart', async t => {
  const path = databasePath(t)
  const before = await sqliteStore(path)
  await before.submissions.watch({ id: 'r', taskId: 'a', step: 'validate' }, PATIENCE)
  await before.close()

  t.intercept(Date, 'now', { value: () => 0 })
  const after = await sqliteStore(path)
  t.teardown(() => after.close())
  t.equal(await after.submissions.nextDueMs(), 0)
  t.strictSame((await after.submissions.claim({ leaseMs: 1, maxQuestions: 1, maxCalls: 1, windowMs: 1 })).length, 1)
})

t.test('sqliteStore trim() comes through thousands of submissions', async t => {
  let time = 5000
  const store = await sqliteStore(databasePath(t), { now: () => time })
  t.teardown(() => store.close())
  const ids = numbers(450).map(String)
  await Promise.all(ids.map((id) => store.submissions.reserve({ id, step: 'validate' }, PATIENCE)))
  await submit(store, 'young', 'a')
  time += 86_400_000
  await store.trim(3_600_000, () => false)
  const left = await Promise.all([...ids, 'young'].map((id) => store.submissions.expect(id, 'a')))
  t.strictSame(left.filter((one) => one !== undefined).map(({ id }) => id), ['young'])
})
