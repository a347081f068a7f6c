import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { draft, numbers, seqs } from '../../../src/conformance/drafts.ts'
import { sqliteStore } from '../../../src/store/sqlite/store.ts'
import { MARK_LIVES } from '../../../src/store/store.ts'
import { temporaryFolder } from '../../support/relay.ts'
import { databasePath, meddle } from '../../support/sqlite.ts'

const nobody = (): boolean => false

t.test('sqliteStore() begins another epoch when the file was deleted', async t => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'data', 'relay.db')
  const first = await sqliteStore(path)
  await first.close()
  rmSync(join(folder, 'data'), { recursive: true })
  const second = await sqliteStore(path)
  await second.close()
  t.not(second.epoch, first.epoch)
})

t.test('sqliteStore numbers without a hole when two write to one file', async t => {
  const path = databasePath(t)
  const stores = [await sqliteStore(path), await sqliteStore(path)]
  t.teardown(() => Promise.all(stores.map((store) => store.close())))
  await Promise.all(numbers(60).flatMap((n) => stores.map((store, i) => store.append('a', draft(`${i} ${n}`)))))
  for (const store of stores) t.strictSame(seqs(await store.read('a', 0, 200)), numbers(120))
})

t.test('sqliteStore keeps its window when the wall clock was set back before a restart', async t => {
  const path = databasePath(t)
  const before = await sqliteStore(path, { dedupeWindowMs: 60_000 })
  await before.append('a', draft('equal'))
  await before.append('a', draft('other'))
  await before.close()

  t.intercept(Date, 'now', { value: () => 0 })
  const after = await sqliteStore(path, { dedupeWindowMs: 60_000 })
  t.teardown(() => after.close())
  t.equal((await after.append('a', draft('other'))).duplicate, true)
  await after.append('b', draft('later'))
  t.equal(await after.trim(60_000, nobody), 0)
})

t.test('sqliteStore trim() forgets even the highest seq in the end, or the file would grow for ever', async t => {
  let time = 0
  const store = await sqliteStore(databasePath(t), { now: () => time })
  t.teardown(() => store.close())
  const taskIds = numbers(450).map(String)
  await Promise.all(taskIds.map((taskId) => store.append(taskId, draft('one'))))
  time = 1000
  await store.trim(1000, nobody)
  time = 1000 * MARK_LIVES
  await store.trim(1000, nobody)
  for (const taskId of taskIds) t.equal((await store.extent(taskId)).last, 0)
})

t.test('sqliteStore check() is one write for all who ask at a time, and another for who asks later', async t => {
  const path = databasePath(t)
  const store = await sqliteStore(path)
  t.teardown(() => store.close())
  meddle(path, 'CREATE TRIGGER write AFTER INSERT ON meta BEGIN INSERT INTO marks (task_id, seq, at) SELECT count(*), 1, 0 FROM marks; END')
  await Promise.all(numbers(50).map(() => store.check()))
  t.equal((await store.extent('0')).last, 1)
  t.equal((await store.extent('1')).last, 0)
  await store.check()
  t.equal((await store.extent('1')).last, 1)
})

t.test('sqliteStore close() ends a trim that is under way', async t => {
  const store = await sqliteStore(databasePath(t))
  await Promise.all(numbers(450).map((n) => store.append(String(n), draft('one'))))
  const trimming = t.rejects(store.trim(0, nobody), { code: 'STORE_UNAVAILABLE', message: /it is closed/ })
  await store.close()
  await trimming
})

t.test('sqliteStore append() rejects when it cannot write, and works again when it can', async t => {
  const path = databasePath(t)
  const store = await sqliteStore(path)
  t.teardown(() => store.close())
  meddle(path, "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk full'); END")
  await t.rejects(store.append('a', draft('one')), { code: 'STORE_UNAVAILABLE', message: `Cannot use the store ${path}: disk full` })
  meddle(path, 'DROP TRIGGER full')
  t.equal((await store.append('a', draft('one'))).event.seq, 1)
})

t.test('sqliteStore changedElsewhere() tells once of what another process has written', async t => {
  const path = databasePath(t)
  const [store, other] = [await sqliteStore(path), await sqliteStore(path)]
  t.teardown(() => Promise.all([store.close(), other.close()]))
  await other.append('a', draft('one'))
  t.strictSame([await store.changedElsewhere(), await store.changedElsewhere()], [true, false])
})
