import { readFileSync } from 'node:fs'
import t from 'tap'
import { erase } from '../../src/cli/erase.ts'
import { draft, readAll } from '../../src/conformance/drafts.ts'
import { sqliteStore } from '../../src/store/sqlite/store.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { runCommand, runtimeCommand, startProcess } from '../support/process.ts'
import { databasePath } from '../support/sqlite.ts'
import { watch } from '../support/sse.ts'

t.test('erase removes a task and what is in quarantine about it, also from the bytes of the file', async t => {
  const path = databasePath(t)
  const store = await sqliteStore(path)
  for (const taskId of ['a', 'b']) {
    await store.append(taskId, draft(`phrase of ${taskId}`))
    const body = JSON.stringify({ taskId, msg: `body of ${taskId} ${'x'.repeat(10_000)}` })
    await store.quarantine.hold({ step: 'validate', body, reason: 'it is odd', digest: taskId })
  }
  await store.close()

  const env = { STORE_URL: `sqlite:${path}` }
  t.equal(await erase(['a'], env), 'a\t1 events\t1 callbacks in quarantine\n')
  t.equal(await erase(['a'], env), 'a\t0 events\t0 callbacks in quarantine\n')
  const bytes = readFileSync(path, 'latin1')
  for (const text of ['phrase of a', 'body of a']) t.notOk(bytes.includes(text), text)
  for (const text of ['phrase of b', 'body of b']) t.ok(bytes.includes(text), text)
  const again = await sqliteStore(path)
  t.teardown(() => again.close())
  t.equal((await readAll(again, 'b')).length, 1)
  t.strictSame((await again.quarantine.list()).map(({ id }) => id), [2])
})

t.test('erase prints its help, and refuses wrong arguments and a missing file', async t => {
  for (const args of [[], ['--help']]) t.match(await erase(args, {}), /^Erases a task/)
  await t.rejects(erase(['a', 'b'], {}), new RangeError('Cannot erase "a b", expected one task id'))
  await t.rejects(erase(['a/b'], {}), new RangeError('Cannot erase "a/b", expected one task id'))
  const STORE_URL = `sqlite:${databasePath(t)}`
  await t.rejects(erase(['a'], { STORE_URL }), { name: 'RangeError', message: /which is no file/ })
})

t.test('erase works next to a running server, whose streams of the task end', async t => {
  const path = databasePath(t)
  const env = { STORE_URL: `sqlite:${path}` }
  const { url } = await startProcess(t, env)
  const { json: { eventId } } = await post(url, phraseReady('a'))
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  await stream.next()

  const run = await runCommand(t, runtimeCommand('src/bin.js', 'erase', 'a'), env)
  t.match(run, { code: 0, output: 'a\t1 events\t0 callbacks in quarantine\n' })
  t.match(await stream.next(), { event: 'closing', data: { reason: 'erased' } })
  t.notOk(readFileSync(path, 'latin1').includes('Silver rivers'))

  const again = await watch(t, `${url}/events/a?lastEventId=${eventId}`)
  t.match(await again.next(), { event: 'subscribed', data: { gap: true, replayed: 0, lastEventId: null } })
  await post(url, phraseReady('a', 'another phrase'))
  t.equal((await again.next()).id?.split('.')[1], '2')
})
