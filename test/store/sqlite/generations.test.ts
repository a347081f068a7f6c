import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { draft, readAll } from '../../../src/conformance/drafts.ts'
import { FILTER_TEXTS } from '../../../src/store/sqlite/filter.ts'
import { sqliteStore } from '../../../src/store/sqlite/store.ts'
import { sqliteWriter, type Outcome } from '../../../src/store/sqlite/writer.ts'
import { MARK_LIVES, type EventStore } from '../../../src/store/store.ts'
import { databasePath, meddle } from '../../support/sqlite.ts'

const AGE_MS = 1000
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
  meddle(path, 'UPDATE generations SET start = -100000 WHERE number = (SELECT max(number) FROM generations)')
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
  // The numbers of rows start at 1 again, in the next generation.
  t.equal(await seqOf(store, 'c', 'one'), 1)
  t.equal(await seqOf(store, 'a', 'two'), 2)
  t.strictSame(keysOf(path), ['~1~a', '~3~c'])
  t.strictSame(generationsOf(path), [1, 2, 3])
  for (const lives of [MARK_LIVES, 2 * MARK_LIVES, 3 * MARK_LIVES]) {
    clock.now = AGE_MS * (lives + 3)
    await store.trim(AGE_MS, nobody)
  }
  const [number, ...more] = generationsOf(path)
  t.strictSame(more, [])
  t.equal(await seqOf(store, 'a', 'three'), 1)
  t.strictSame(keysOf(path), [`~${number}~a`])
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

t.test('generations: one begins after so many events; old tasks go on, and the rows may start at 1 again', async t => {
  const path = databasePath(t)
  const writer = sqliteWriter(path)
  t.teardown(() => { writer.close() })
  const append = (taskIds: string[]) => writer.append(taskIds.map((taskId) => {
    return { taskId, at: 1, event: 'task-update', data: '{}', digest: `${Math.random()}` }
  }), 0) as Outcome[]
  const tasks = Array.from({ length: FILTER_TEXTS }, (_, n) => `task-${n}`)
  append(tasks)
  append(['early'])
  append(['late'])
  t.strictSame(generationsOf(path), [1, 2])
  t.strictSame(keysOf(path).filter((key) => !`${key}`.includes('task')), ['~2~early', '~2~late'])
  t.ok(append(tasks).every(({ seq }) => seq === 2))
  const { keys } = writer.stale(1, 0, tasks.length * 3)
  t.equal(writer.forget(keys, 1), tasks.length + 2)
  t.strictSame(append(['early', 'new']).map(({ seq }) => seq), [2, 1])
  append(['newer'])
  const [number] = generationsOf(path).slice(-1)
  t.strictSame(keysOf(path), ['~2~early', `~${number}~new`, `~${number}~newer`])
})
