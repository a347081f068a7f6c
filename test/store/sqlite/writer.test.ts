import { copyFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { SCHEMA_VERSION } from '../../../src/store/sqlite/schema.ts'
import { sqliteReader } from '../../../src/store/sqlite/reader.ts'
import type { Entry } from '../../../src/store/sqlite/entry.ts'
import { sqliteWriter, type Outcome, type SqliteWriter } from '../../../src/store/sqlite/writer.ts'
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
  const outcomes = writer.append(group, WINDOW_MS)
  t.match(outcomes, [{ seq: 1 }, { seq: 1 }, { seq: 1, repeats }, { seq: 2 }])
  t.equal((outcomes[2] as Outcome).id, (outcomes[0] as Outcome).id)
})

t.test('sqliteWriter append() writes nothing of a group that fails, and no seq is used up', async t => {
  const { path, writer } = open(t)
  writer.append([entry('a', 'x')], WINDOW_MS)
  meddle(path, `CREATE TRIGGER full BEFORE INSERT ON events WHEN NEW.task_key LIKE '%bad' BEGIN
    SELECT RAISE(ABORT, 'disk full');
  END`)

  const group = [entry('a', 'y'), entry('bad', 'x')]
  const message = `Cannot use the store ${path}: disk full`
  t.throws(() => writer.append(group, WINDOW_MS), { code: 'STORE_UNAVAILABLE', message })
  t.match(writer.append([entry('a', 'z')], WINDOW_MS), [{ seq: 2 }])
})

t.test('sqliteWriter opens the file again after a failure, and reports its faults until there are none', async t => {
  const { path, writer } = open(t)
  meddle(path, "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk full'); END")
  t.throws(() => writer.append([entry('a', 'x')], WINDOW_MS), { message: /disk full/ })

  meddle(path, 'DROP TRIGGER full; PRAGMA user_version = 99')
  const fault = { code: 'STORE_UNAVAILABLE', message: /its schema is version 99/ }
  t.throws(() => writer.append([entry('a', 'x')], WINDOW_MS), fault)

  meddle(path, `PRAGMA user_version = ${SCHEMA_VERSION}`)
  t.match(writer.append([entry('a', 'x')], WINDOW_MS), [{ seq: 1 }])
})

t.test('sqliteWriter stale() finds old tasks in steps, by their newest events', async t => {
  const { writer } = open(t)
  const entries = [entry('a', 'x', 1), entry('b', 'x', 2), entry('a', 'y', 3), entry('young', 'x', 10)]
  writer.append(entries, WINDOW_MS)
  t.strictSame(writer.stale(5, 0, 2), { next: 2, keys: ['~1~b'] })
  t.strictSame(writer.stale(5, 2, 2), { next: undefined, keys: ['~1~a'] })
  t.strictSame(writer.stale(0, 0, 2), { next: undefined, keys: [] })
})

t.test('sqliteWriter forget() skips a task that got an event since it was found', async t => {
  const { writer } = open(t)
  writer.append([entry('a', 'x', 1), entry('b', 'x', 9)], WINDOW_MS)
  t.equal(writer.forget(['~1~a', '~1~b', '~1~never'], 5), 1)
})

t.test('sqliteWriter forgetMarks() removes the oldest marks in steps, and no young ones', async t => {
  const { path, writer } = open(t)
  const reader = sqliteReader(path)
  t.teardown(() => { reader.close() })
  t.equal(writer.forgetMarks(5, 2), false, 'when there are none')

  for (const [i, taskId] of ['a', 'b', 'c', 'young'].entries()) {
    writer.append([entry(taskId, 'x', i === 3 ? 10 : i)], WINDOW_MS)
  }
  for (const taskId of ['a', 'b', 'c', 'young']) writer.forget([`~1~${taskId}`], 10)
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

t.test('sqliteWriter latest() returns the latest time in the file', async t => {
  const { writer } = open(t)
  t.equal(writer.latest(), 0)
  writer.append([entry('a', 'x', 1), entry('b', 'x', 42.5)], WINDOW_MS)
  t.equal(writer.latest(), 42.5)
})

t.test('sqliteWriter close() is idempotent', async t => {
  const { writer } = open(t)
  writer.close()
  t.doesNotThrow(() => { writer.close() })
})

t.test('sqliteWriter writes nothing while its file is away or a copy is in its place', async t => {
  const { path, writer } = open(t)
  writer.append([entry('a', 'x')], WINDOW_MS)
  meddle(path, 'PRAGMA wal_checkpoint(TRUNCATE)')

  renameSync(path, `${path}-away`)
  const fault = { code: 'STORE_UNAVAILABLE', message: /its file was removed or replaced/ }
  t.throws(() => writer.append([entry('a', 'y')], WINDOW_MS), fault)
  t.throws(() => writer.append([entry('a', 'y')], WINDOW_MS), fault)
  copyFileSync(`${path}-away`, path)
  t.throws(() => writer.append([entry('a', 'y')], WINDOW_MS), fault)

  renameSync(`${path}-away`, path)
  t.match(writer.append([entry('a', 'y')], WINDOW_MS), [{ seq: 2 }])
})

t.test('sqliteWriter writes nothing into another history in its file', async t => {
  const { path, writer } = open(t)
  meddle(path, "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk full'); END")
  t.throws(() => writer.append([entry('a', 'x')], WINDOW_MS), { message: /disk full/ })

  meddle(path, "DROP TRIGGER full; UPDATE meta SET value = 'other' WHERE key = 'epoch'")
  const fault = { code: 'STORE_UNAVAILABLE', message: /its history was replaced while it was in use/ }
  t.throws(() => writer.append([entry('a', 'x')], WINDOW_MS), fault)
})

t.test('sqliteWriter changedElsewhere() is true after writes of others during its own failure', async t => {
  const { path, writer } = open(t)
  meddle(path, "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk full'); END")
  t.throws(() => writer.append([entry('a', 'x')], WINDOW_MS), { message: /disk full/ })
  meddle(path, `DROP TRIGGER full;
    INSERT INTO events (task_key, seq, fork, at, event, data, digest)
    VALUES ('~1~a', 1, 1, 0, 'task-update', '{}', 'y')`)
  t.strictSame([writer.changedElsewhere(), writer.changedElsewhere()], [true, false])
})

t.test('sqliteWriter changedElsewhere() is true at first, and false after its own writes', async t => {
  const { path, writer } = open(t)
  t.strictSame([writer.changedElsewhere(), writer.changedElsewhere()], [true, false])
  writer.append([entry('a', 'x')], WINDOW_MS)
  t.equal(writer.changedElsewhere(), false)
  meddle(path, "INSERT INTO meta VALUES ('a', 'b')")
  t.strictSame([writer.changedElsewhere(), writer.changedElsewhere()], [true, false])
})

t.test('sqliteWriter starts another fork when it opens the file again', async t => {
  const { path, writer } = open(t)
  const [first] = writer.append([entry('a', 'x')], WINDOW_MS) as Outcome[]
  meddle(path, "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk full'); END")
  t.throws(() => writer.append([entry('a', 'y')], WINDOW_MS), { message: /disk full/ })
  meddle(path, 'DROP TRIGGER full')
  const [second] = writer.append([entry('a', 'y')], WINDOW_MS) as Outcome[]
  t.not(second?.id.split('.')[0], first?.id.split('.')[0])
})

t.test('sqliteWriter moved() knows trimmed tasks by their marks, and unknown tasks', async t => {
  const { writer } = open(t)
  const [a] = writer.append([entry('a', 'x')], WINDOW_MS) as Outcome[]
  writer.forget(['~1~a'], 5)
  const epoch = a?.id.split('.')[0]
  t.strictSame(writer.moved(new Map([['a', `${a?.id}`], ['b', `${epoch}.0`]])), new Map())
  t.strictSame(writer.moved(new Map([['a', ''], ['b', '']])), new Map([['a', a?.id], ['b', `${epoch}.0`]]))
})

const DAY_MS = 86_400_000

/** Entry that came as a delivery whose signature expires in a minute. */
function signed (digest: string, key: string, expiresAt: number): Entry {
  return { ...entry('a', digest), delivery: { key, onConflict: 'reject', expiresAt } }
}

for (const days of [10, -10]) {
  t.test(`sqliteWriter accepts no second body under a key after a jump by ${days} days and back`, async t => {
    const real = Date.now()
    const { writer } = open(t)
    writer.append([signed('captured', 'key', real + 60_000)], WINDOW_MS)
    const jump = t.intercept(Date, 'now', { value: () => real + days * DAY_MS })
    for (let n = 0; n < 5; n++) writer.append([signed(`${n}`, `key ${n}`, real + days * DAY_MS + 60_000)], WINDOW_MS)
    jump.restore()
    t.strictSame(writer.append([signed('another', 'key', real + 60_000)], WINDOW_MS), ['reject'])
    t.match(writer.append([signed('new', 'new key', real + 61_000)], WINDOW_MS), [{ seq: 7 }])
  })

  t.test(`sqliteWriter accepts no second body after a jump by ${days} days over restarts`, async t => {
    const real = Date.now()
    const path = databasePath(t)
    const run = (now: number, entries: Entry[]): ReturnType<SqliteWriter['append']> => {
      const jump = t.intercept(Date, 'now', { value: () => now })
      const writer = sqliteWriter(path)
      const outcomes = entries.flatMap((one) => writer.append([one], WINDOW_MS))
      writer.close()
      jump.restore()
      return outcomes
    }
    run(real, [signed('captured', 'key', real + 60_000)])
    const there = real + days * DAY_MS
    run(there, [1, 2, 3].map((n) => signed(`${n}`, `key ${n}`, there + 60_000)))
    t.strictSame(run(real, [signed('another', 'key', real + 60_000)]), ['reject'])
  })
}

t.test('sqliteWriter does not acknowledge a commit whose log was removed in the meantime, and keeps it', async t => {
  const { path, writer } = open(t)
  writer.append([entry('a', 'x')], WINDOW_MS)
  const removing = {
    ...entry('a', 'y'),
    get data () {
      rmSync(`${path}-wal`, { force: true })
      return '"y"'
    }
  }
  const fault = { code: 'STORE_UNAVAILABLE', message: /its file was removed or replaced/ }
  t.throws(() => writer.append([removing], WINDOW_MS), fault)
  const removed = { message: /its log was removed/ }
  t.throws(() => writer.append([entry('a', 'z')], WINDOW_MS), removed, 'until it may recover')
  writer.recover()
  t.match(writer.append([entry('a', 'y')], WINDOW_MS), [{ seq: 2, repeats: { data: '"y"' } }])
})

t.test('sqliteWriter appends under the fork of the latest opening, so that no fork comes back', async t => {
  const { path, writer } = open(t)
  const append = (writer: SqliteWriter, digest: string): string => {
    return (writer.append([entry('a', digest)], WINDOW_MS)[0] as Outcome).id.split('.')[0] as string
  }
  const first = append(writer, '1')
  const other = sqliteWriter(path)
  t.teardown(() => { other.close() })
  const second = append(other, '2')
  t.not(second, first)
  t.strictSame([append(writer, '3'), append(other, '4'), append(writer, '5')], [second, second, second])
})

t.test('sqliteWriter goes on only after its removed log was copied, and tries again until it is', async t => {
  const { path, writer } = open(t)
  writer.append([entry('a', 'x')], WINDOW_MS)
  const reader = new DatabaseSync(path, { readOnly: true })
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM events').get()
  writer.append([entry('a', 'y')], WINDOW_MS)
  rmSync(`${path}-wal`)

  t.throws(() => writer.append([entry('a', 'z')], WINDOW_MS), { message: /its log was removed.*cannot be copied yet/ })
  t.equal(writer.isStranded(), false)
  reader.exec('COMMIT')
  t.throws(() => writer.append([entry('a', 'z')], WINDOW_MS), { message: /its file was removed or replaced/ })
  t.equal(writer.isStranded(), true)
  reader.close()
  writer.recover()
  t.match(writer.append([entry('a', 'z')], WINDOW_MS), [{ seq: 3 }])
})

t.test('sqliteWriter leaves its log without a copy when somebody has started another one', async t => {
  const { path, writer } = open(t)
  writer.append([entry('a', 'x')], WINDOW_MS)
  rmSync(`${path}-wal`)
  writeFileSync(`${path}-wal`, '')
  t.throws(() => writer.append([entry('a', 'y')], WINDOW_MS), { message: /its file was removed or replaced/ })
  t.equal(writer.isStranded(), true)
})
