import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { draft, readAll } from '../../../src/conformance/drafts.ts'
import { FILTER_TEXTS } from '../../../src/store/sqlite/filter.ts'
import { sqliteStore } from '../../../src/store/sqlite/store.ts'
import { sqliteWriter, type Outcome } from '../../../src/store/sqlite/writer.ts'
import { MARK_LIVES, type EventStore } from '../../../src/store/store.ts'
import { databasePath, meddle } from '../../support/sqlite.ts'

const AGE_MS = 1000
const FAR = Date.UTC(2100, 0, 1)
const nobody = (): boolean => false

/** Opens a store with a clock that stands still. */
async function open (t: Test, path = databasePath(t)) {
  const clock = { now: 0 }
  const store = await sqliteStore(path, { now: () => clock.now })
  t.teardown(() => store.close())
  return { path, store, clock }
}

/** Makes the next commit start another generation. */
function fill (path: string): void {
  meddle(path, 'UPDATE generations SET tasks = 100000 WHERE number = (SELECT max(number) FROM generations)')
}

async function seqOf (store: EventStore, taskId: string, text: string): Promise<number> {
  return (await store.append(taskId, draft(text))).event.seq
}

function all (path: string, sql: string): unknown[] {
  const db = new DatabaseSync(path, { readOnly: true })
  const rows = db.prepare(sql).all().map((row) => Object.values(row)[0])
  db.close()
  return rows
}

const keysOf = (path: string): unknown[] => all(path, 'SELECT DISTINCT task_key FROM events ORDER BY task_key')
const generationsOf = (path: string): unknown[] => all(path, 'SELECT number FROM generations ORDER BY number')

t.test('generations: a task stays in the one in which it began', async t => {
  const { path, store } = await open(t)
  t.equal(await seqOf(store, 'a', 'one'), 1)
  fill(path)
  t.equal(await seqOf(store, 'b', 'one'), 1)
  fill(path)
  t.equal(await seqOf(store, 'a', 'two'), 2)
  t.equal(await seqOf(store, 'c', 'one'), 1)
  t.strictSame(keysOf(path), ['~1~a', '~2~b', '~3~c'])
  t.equal((await readAll(store, 'a')).length, 2)
  t.equal((await store.append('a', draft('two'))).duplicate, true)
})

t.test('generations: a task of a program may have any id', async t => {
  const { path, store } = await open(t)
  const taskIds = ['a b', 'a "quoted" one', "it's", '漢字', 'a\nb', '~1~a']
  for (const taskId of taskIds) t.equal(await seqOf(store, taskId, 'one'), 1)
  for (let n = 0; n < 2; n++) {
    fill(path)
    await seqOf(store, `other-${n}`, 'one')
  }
  for (const taskId of taskIds.filter((one) => one !== '~1~a')) t.equal(await seqOf(store, taskId, 'two'), 2, taskId)
})

t.test('generations: another store on the file finds tasks of generations that began later', async t => {
  const { path, store } = await open(t)
  const { store: other } = await open(t, path)
  await seqOf(store, 'a', 'one')
  t.equal((await other.extent('a')).last, 1)
  for (const taskId of ['b', 'c']) {
    t.strictSame(await other.read(taskId, undefined, 10), [])
    fill(path)
    await seqOf(store, taskId, 'one')
    t.equal((await other.extent(taskId)).last, 1)
    t.equal((await readAll(other, taskId)).length, 1)
  }
  t.equal(await seqOf(other, 'c', 'two'), 2)
  t.equal(await seqOf(other, 'd', 'one'), 1)
  t.strictSame(keysOf(path), ['~1~a', '~2~b', '~3~c', '~3~d'])
})

t.test('generations: the numbers of a trimmed task go on in its generation, which ends with its marks', async t => {
  const { path, store, clock } = await open(t)
  await seqOf(store, 'a', 'one')
  fill(path)
  await seqOf(store, 'b', 'one')
  clock.now = AGE_MS
  t.equal(await store.trim(AGE_MS, nobody), 2)
  fill(path)
  t.equal(await seqOf(store, 'c', 'one'), 1)
  t.equal(await seqOf(store, 'a', 'two'), 2)
  t.strictSame(keysOf(path), ['~1~a', '~3~c'])
  t.strictSame(generationsOf(path), [1, 2, 3])
  for (const lives of [MARK_LIVES, 2 * MARK_LIVES, 3 * MARK_LIVES]) {
    clock.now = AGE_MS * (lives + 3)
    await store.trim(AGE_MS, nobody)
  }
  t.strictSame(generationsOf(path), [3])
  t.equal(await seqOf(store, 'a', 'three'), 1)
  t.strictSame(keysOf(path), ['~3~a'])
})

t.test('generations: one without tasks is removed, whatever older tasks there are', async t => {
  const { path, store, clock } = await open(t)
  for (const taskId of ['old', 'b', 'c']) {
    await seqOf(store, taskId, 'one')
    fill(path)
  }
  await seqOf(store, 'd', 'one')
  for (const lives of [1, MARK_LIVES + 2, 2 * MARK_LIVES + 4]) {
    clock.now = AGE_MS * lives
    await seqOf(store, 'old', `${lives}`)
    await store.trim(AGE_MS, (taskId) => taskId === 'old')
  }
  t.strictSame(generationsOf(path), [1, 4])
  t.equal((await store.extent('old')).last, 4)
  fill(path)
  t.equal(await seqOf(store, 'b', 'two'), 1)
  t.strictSame(keysOf(path), ['~1~old', '~5~b'])
})

t.test('generations: erasing, and a store that becomes empty, start none', async t => {
  const { path, store, clock } = await open(t)
  for (let n = 0; n < 3; n++) {
    await seqOf(store, `${n}`, 'one')
    await store.erase(`${n}`, [])
    await store.erase('unknown', [])
    clock.now += AGE_MS
    await store.trim(AGE_MS, nobody)
    await store.check()
  }
  t.strictSame(generationsOf(path), [1])
  t.strictSame(all(path, 'SELECT tasks FROM generations'), [3])
})

t.test('generations: a delivery of a task that was erased in a later one keeps nothing', async t => {
  const { path, store, clock } = await open(t)
  const delivered = { ...draft('secret'), delivery: { key: 'k', onConflict: 'deduplicate', expiresAt: FAR } as const }
  await store.append('a', delivered)
  clock.now = AGE_MS
  await store.trim(AGE_MS, nobody)
  clock.now = AGE_MS * (MARK_LIVES + 2)
  await store.trim(AGE_MS, nobody)
  fill(path)
  t.equal(await seqOf(store, 'a', 'other'), 1)
  await store.erase('a', [])
  const { event, duplicate } = await store.append('a', delivered)
  t.strictSame([event.data, duplicate], ['{}', true])
  t.strictSame(keysOf(path), [])
})

t.test('generations: one that a failed commit started is started again', async t => {
  const { path, store } = await open(t)
  await seqOf(store, 'a', 'one')
  fill(path)
  meddle(path, "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk full'); END")
  await t.rejects(store.append('b', draft('one')), { code: 'STORE_UNAVAILABLE' })
  t.strictSame(generationsOf(path), [1])
  meddle(path, `DROP TRIGGER full;
    INSERT INTO events (task_key, seq, fork, at, event, data, digest)
    VALUES ('~1~c', 1, 1, 0, 'task-update', '{}', '')`)
  t.equal(await seqOf(store, 'b', 'one'), 1)
  t.equal(await seqOf(store, 'c', 'two'), 2)
  t.strictSame(keysOf(path), ['~1~a', '~1~c', '~2~b'])
})

t.test('generations: a task can be erased in each of them', async t => {
  const { path, store } = await open(t)
  await seqOf(store, 'a', 'one')
  fill(path)
  await seqOf(store, 'b', 'one')
  for (const taskId of ['a', 'b']) t.equal((await store.erase(taskId, [])).events, 1)
  t.strictSame(keysOf(path), [])
  for (const taskId of ['a', 'b']) t.equal(await seqOf(store, taskId, 'two'), 2)
  t.strictSame(keysOf(path), ['~1~a', '~2~b'])
})

t.test('generations: one begins after so many tasks; old ones go on', async t => {
  const path = databasePath(t)
  const writer = sqliteWriter(path)
  t.teardown(() => { writer.close() })
  const append = (taskIds: string[]) => writer.append(taskIds.map((taskId) => {
    return { taskId, at: 1, event: 'task-update', data: '{}', digest: `${Math.random()}` }
  }), 0) as Outcome[]
  const tasks = Array.from({ length: FILTER_TEXTS }, (_, n) => `task-${n}`)
  append(tasks.slice(1))
  append(tasks.slice(1))
  append(tasks.slice(0, 1))
  t.strictSame(generationsOf(path), [1])
  append(['late'])
  t.strictSame(generationsOf(path), [1, 2])
  t.strictSame(keysOf(path).filter((key) => !`${key}`.includes('task')), ['~2~late'])
  t.ok(append(tasks).slice(1).every(({ seq }) => seq === 3))
  t.strictSame(append(['late', 'new']).map(({ seq }) => seq), [2, 1])
  t.strictSame(all(path, 'SELECT tasks FROM generations'), [FILTER_TEXTS, 2])
})
