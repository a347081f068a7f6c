import { copyFileSync, existsSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { draft, drafts, numbers, readAll } from '../../../src/conformance/drafts.ts'
import { sqliteStore } from '../../../src/store/sqlite/store.ts'
import { MARK_LIVES } from '../../../src/store/store.ts'
import { temporaryFolder } from '../../support/relay.ts'
import { databasePath, meddle } from '../../support/sqlite.ts'

const nobody = (): boolean => false
const lifeOf = (epoch: string): string | undefined => epoch.split('-')[0]

t.test('sqliteStore() starts another life when the file was deleted', async t => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'data', 'relay.db')
  const first = await sqliteStore(path)
  const { epoch } = first
  await first.close()
  rmSync(join(folder, 'data'), { recursive: true })
  const second = await sqliteStore(path)
  t.teardown(() => second.close())
  t.not(lifeOf(second.epoch), lifeOf(epoch))
  t.equal(await second.read('a', `${epoch}.0`, 10), undefined)
})

t.test('sqliteStore() starts another fork each time, and nothing grows by that', async t => {
  const path = databasePath(t)
  const epochs = new Set<string>()
  const sizes = new Set<number>()
  for (let openings = 0; openings < 20; openings++) {
    const store = await sqliteStore(path)
    epochs.add(store.epoch)
    await store.close()
    sizes.add(statSync(path).size)
  }
  t.equal(epochs.size, 20)
  t.equal(new Set([...epochs].map(lifeOf)).size, 1)
  t.equal(sizes.size, 1)
})

t.test('sqliteStore gives no id twice after the end of its log was lost', async t => {
  const path = databasePath(t)
  const copy = `${path}-copy`
  const store = await sqliteStore(path)
  for (const one of drafts(3)) await store.append('a', one)
  const whole = statSync(`${path}-wal`).size
  for (const one of drafts(3)) await store.append('a', { ...one, digest: `later ${one.digest}` })
  const before = await readAll(store, 'a')
  // A power cut on a disk that does not keep its promises: the last commits are torn.
  copyFileSync(path, copy)
  copyFileSync(`${path}-wal`, `${copy}-wal`)
  truncateSync(`${copy}-wal`, whole + 1000)
  await store.close()

  const again = await sqliteStore(copy)
  t.teardown(() => again.close())
  t.strictSame(await readAll(again, 'a'), before.slice(0, 3))
  for (const one of drafts(3)) await again.append('a', { ...one, digest: `again ${one.digest}` })
  const ids = [...before, ...(await readAll(again, 'a')).slice(3)].map(({ id }) => id)
  t.equal(new Set(ids).size, 9)
  for (const { id } of before.slice(3)) t.equal(await again.read('a', id, 10), undefined)
  t.equal((await again.read('a', before[2]?.id, 10))?.length, 3)
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

t.test('sqliteStore trim() forgets the highest seq in the end: the file does not grow for ever', async t => {
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

t.test('sqliteStore check() makes one write for concurrent callers, and another one for a later call', async t => {
  const path = databasePath(t)
  const store = await sqliteStore(path)
  t.teardown(() => store.close())
  meddle(path, `CREATE TRIGGER write AFTER INSERT ON meta BEGIN
    INSERT INTO marks (task_key, seq, at) SELECT '~1~' || count(*), 1, 0 FROM marks;
  END`)
  await Promise.all(numbers(50).map(() => store.check()))
  t.equal((await store.extent('0')).last, 1)
  t.equal((await store.extent('1')).last, 0)
  await store.check()
  t.equal((await store.extent('1')).last, 1)
})

t.test('sqliteStore close() ends a trim that runs', async t => {
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
  const message = `Cannot use the store ${path}: disk full`
  await t.rejects(store.append('a', draft('one')), { code: 'STORE_UNAVAILABLE', message })
  meddle(path, 'DROP TRIGGER full')
  t.equal((await store.append('a', draft('one'))).event.seq, 1)
})

t.test('sqliteStore epoch throws after close()', async t => {
  const store = await sqliteStore(databasePath(t))
  await store.close()
  t.throws(() => store.epoch, { code: 'STORE_UNAVAILABLE', message: /it is closed/ })
})

for (const suffixes of [['-wal'], ['-shm'], ['-wal', '-shm']]) {
  t.test(`sqliteStore loses nothing when ${suffixes.join(' and ')} is removed while it is open`, async t => {
    const path = databasePath(t)
    const store = await sqliteStore(path)
    t.teardown(() => store.close())
    for (const one of drafts(3)) await store.append('a', one)
    const before = await readAll(store, 'a')

    for (const suffix of suffixes) rmSync(path + suffix)
    const message = `Cannot use the store ${path}: its file was removed or replaced while it was in use, ` +
      'put it back or restart'
    await t.rejects(store.append('a', draft('during')), { code: 'STORE_UNAVAILABLE', message })
    const { event } = await store.append('a', draft('after'))
    t.equal(event.seq, 4)
    t.strictSame(await readAll(store, 'a'), [...before, event])

    await store.close()
    const again = await sqliteStore(path)
    t.teardown(() => again.close())
    t.strictSame(await readAll(again, 'a'), [...before, event])
  })
}

t.test('sqliteStore checks its files for every concurrent append', async t => {
  const path = databasePath(t)
  const store = await sqliteStore(path)
  t.teardown(() => store.close())
  await store.append('a', draft('before'))
  rmSync(`${path}-wal`)
  const settled = await Promise.allSettled(drafts(5).map(async (one) => {
    await store.quarantine.hold({ step: 'validate', body: '{}', reason: 'it is odd', digest: one.digest })
  }))
  t.ok(settled.some(({ status }) => status === 'rejected'))
  await store.check()
  const held = await store.quarantine.list()
  t.equal(held.length, settled.filter(({ status }) => status === 'fulfilled').length)
})

t.test('sqliteStore close() leaves the whole history in one file', async t => {
  const path = databasePath(t)
  const store = await sqliteStore(path)
  for (const one of drafts(3)) await store.append('a', one)
  const kept = await readAll(store, 'a')
  await store.extent('a')
  await store.close()
  t.strictSame([existsSync(`${path}-wal`), existsSync(`${path}-shm`)], [false, false])

  copyFileSync(path, `${path}-copy`)
  const copy = await sqliteStore(`${path}-copy`)
  t.teardown(() => copy.close())
  t.strictSame(await readAll(copy, 'a'), kept)
})

t.test('sqliteStore() creates files for their owner only', async t => {
  const umask = process.umask(0)
  t.teardown(() => { process.umask(umask) })
  const folder = join(temporaryFolder(t), 'data')
  const path = join(folder, 'relay.db')
  const store = await sqliteStore(path)
  t.teardown(() => store.close())
  await store.append('a', draft('one'))
  const modes = [folder, path, `${path}-wal`, `${path}-shm`].map((file) => (statSync(file).mode & 0o777).toString(8))
  t.strictSame(modes, ['700', '600', '600', '600'])
})
