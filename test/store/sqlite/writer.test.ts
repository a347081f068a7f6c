import { copyFileSync, renameSync } from 'node:fs'
import t, { type Test } from 'tap'
import { SCHEMA_VERSION } from '../../../src/store/sqlite/schema.ts'
import { sqliteReader } from '../../../src/store/sqlite/reader.ts'
import { sqliteWriter, type Entry, type SqliteWriter } from '../../../src/store/sqlite/writer.ts'
import { databasePath, meddle } from '../../support/sqlite.ts'

const WINDOW_MS = 1000

function entry (taskId: string, digest: string, at = 0): Entry {
  return { taskId, event: 'task-update', data: JSON.stringify(digest), digest, at }
}

function open (t: Test): { path: string, writer: SqliteWriter } {
  const path = databasePath(t)
  const writer = sqliteWriter(path)
  t.teardown(() => { writer.close() })
  return { path, writer }
}

t.test('sqliteWriter append() numbers and recognises repeats within one group', async t => {
  const { writer } = open(t)
  const group = [entry('a', 'x'), entry('b', 'x'), entry('a', 'x'), entry('a', 'y')]
  const repeats = { taskId: 'a', seq: 1, event: 'task-update', data: '"x"' }
  t.match(writer.append(group, WINDOW_MS), [{ seq: 1 }, { seq: 1 }, { seq: 1, repeats }, { seq: 2 }])
})

t.test('sqliteWriter append() writes nothing of a group that fails, and no seq is used up', async t => {
  const { path, writer } = open(t)
  writer.append([entry('a', 'x')], WINDOW_MS)
  meddle(path, "CREATE TRIGGER full BEFORE INSERT ON events WHEN NEW.task_id = 'bad' BEGIN SELECT RAISE(ABORT, 'disk full'); END")

  t.throws(() => writer.append([entry('a', 'y'), entry('bad', 'x')], WINDOW_MS), { code: 'STORE_UNAVAILABLE', message: `Cannot use the store ${path}: disk full` })
  t.strictSame(writer.append([entry('a', 'z')], WINDOW_MS), [{ seq: 2 }])
})

t.test('sqliteWriter opens the file anew after a failure, and tells what is wrong with it until it is right', async t => {
  const { path, writer } = open(t)
  meddle(path, "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk full'); END")
  t.throws(() => writer.append([entry('a', 'x')], WINDOW_MS), { message: /disk full/ })

  meddle(path, 'DROP TRIGGER full; PRAGMA user_version = 99')
  t.throws(() => writer.append([entry('a', 'x')], WINDOW_MS), { code: 'STORE_UNAVAILABLE', message: /its schema is version 99/ })

  meddle(path, `PRAGMA user_version = ${SCHEMA_VERSION}`)
  t.strictSame(writer.append([entry('a', 'x')], WINDOW_MS), [{ seq: 1 }])
})

t.test('sqliteWriter stale() finds old tasks in steps, whose newest event is what counts', async t => {
  const { writer } = open(t)
  writer.append([entry('a', 'x', 1), entry('b', 'x', 2), entry('a', 'y', 3), entry('young', 'x', 10)], WINDOW_MS)
  t.strictSame(writer.stale(5, 0, 2), { next: 2, taskIds: ['b'] })
  t.strictSame(writer.stale(5, 2, 2), { next: undefined, taskIds: ['a'] })
  t.strictSame(writer.stale(0, 0, 2), { next: undefined, taskIds: [] })
})

t.test('sqliteWriter forget() passes over a task that was heard of since it was found', async t => {
  const { writer } = open(t)
  writer.append([entry('a', 'x', 1), entry('b', 'x', 9)], WINDOW_MS)
  t.equal(writer.forget(['a', 'b', 'never'], 5), 1)
})

t.test('sqliteWriter forgetMarks() forgets the oldest marks in steps, and no young ones', async t => {
  const { path, writer } = open(t)
  const reader = sqliteReader(path)
  t.teardown(() => { reader.close() })
  t.equal(writer.forgetMarks(5, 2), false, 'when there are none')

  for (const [i, taskId] of ['a', 'b', 'c', 'young'].entries()) writer.append([entry(taskId, 'x', i === 3 ? 10 : i)], WINDOW_MS)
  for (const taskId of ['a', 'b', 'c', 'young']) writer.forget([taskId], 10)
  t.equal(writer.forgetMarks(5, 2), true)
  t.equal(writer.forgetMarks(5, 2), false)
  t.equal(writer.forgetMarks(5, 2), false)
  t.strictSame(['a', 'b', 'c', 'young'].map((taskId) => reader.extent(taskId).last), [0, 0, 0, 1])
})

t.test('sqliteWriter check() fails when nothing can be written', async t => {
  const { path, writer } = open(t)
  writer.check()
  meddle(path, "CREATE TRIGGER full BEFORE INSERT ON meta BEGIN SELECT RAISE(ABORT, 'disk full'); END")
  t.throws(() => writer.check(), { code: 'STORE_UNAVAILABLE', message: /disk full/ })
})

t.test('sqliteWriter origin() tells the latest time that was written', async t => {
  const { writer } = open(t)
  t.equal(writer.origin().latest, 0)
  writer.append([entry('a', 'x', 1), entry('b', 'x', 42.5)], WINDOW_MS)
  t.equal(writer.origin().latest, 42.5)
})

t.test('sqliteWriter close() after a failure, and twice, is fine', async t => {
  const { writer } = open(t)
  writer.close()
  t.doesNotThrow(() => { writer.close() })
})

t.test('sqliteWriter writes nothing into a file that was removed, or into a copy in its place, and goes on when it is back', async t => {
  const { path, writer } = open(t)
  writer.append([entry('a', 'x')], WINDOW_MS)
  meddle(path, 'PRAGMA wal_checkpoint(TRUNCATE)')

  renameSync(path, `${path}-away`)
  t.throws(() => writer.append([entry('a', 'y')], WINDOW_MS), { code: 'STORE_UNAVAILABLE', message: /its file was removed or replaced/ })
  t.throws(() => writer.append([entry('a', 'y')], WINDOW_MS), { message: /its file was removed or replaced/ })
  copyFileSync(`${path}-away`, path)
  t.throws(() => writer.append([entry('a', 'y')], WINDOW_MS), { message: /its file was removed or replaced/ })

  renameSync(`${path}-away`, path)
  t.match(writer.append([entry('a', 'y')], WINDOW_MS), [{ seq: 2 }])
})

t.test('sqliteWriter writes nothing into another history that was put into its file', async t => {
  const { path, writer } = open(t)
  meddle(path, "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk full'); END")
  t.throws(() => writer.append([entry('a', 'x')], WINDOW_MS), { message: /disk full/ })

  meddle(path, "DROP TRIGGER full; UPDATE meta SET value = 'other' WHERE key = 'epoch'")
  t.throws(() => writer.append([entry('a', 'x')], WINDOW_MS), { code: 'STORE_UNAVAILABLE', message: /its history was replaced while it was in use/ })
})

t.test('sqliteWriter changedElsewhere() tells of what was written while its own write failed', async t => {
  const { path, writer } = open(t)
  meddle(path, "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk full'); END")
  t.throws(() => writer.append([entry('a', 'x')], WINDOW_MS), { message: /disk full/ })
  meddle(path, "DROP TRIGGER full; INSERT INTO events (task_id, seq, at, event, data, digest) VALUES ('a', 1, 0, 'task-update', '{}', 'y')")
  t.strictSame([writer.changedElsewhere(), writer.changedElsewhere()], [true, false])
})
