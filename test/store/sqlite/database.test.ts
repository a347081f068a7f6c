import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { guard, openForReading, openForWriting, transaction } from '../../../src/store/sqlite/database.ts'
import { SCHEMA_VERSION } from '../../../src/store/sqlite/schema.ts'
import { temporaryFolder } from '../../support/relay.ts'
import { databasePath, meddle } from '../../support/sqlite.ts'

const UNAVAILABLE = { name: 'RelayError', code: 'STORE_UNAVAILABLE' }

t.test('openForWriting() creates the directory and a durable database in it', async t => {
  const db = openForWriting(join(temporaryFolder(t), 'data', 'relay.db'))
  t.teardown(() => db.close())
  const pragma = (name: string): unknown[] => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})
  t.strictSame(pragma('journal_mode'), ['wal'])
  t.strictSame(pragma('synchronous'), [2], 'FULL')
  t.strictSame(pragma('user_version'), [SCHEMA_VERSION])
})

t.test('openForWriting() keeps the epoch', async t => {
  const path = databasePath(t)
  const epoch = (): unknown => {
    const db = openForWriting(path)
    const { value } = db.prepare("SELECT value FROM meta WHERE key = 'epoch'").get() as { value: string }
    db.close()
    return value
  }
  const first = epoch()
  t.match(first, /^[0-9a-f]{8}$/)
  t.equal(epoch(), first)
})

t.test('openForWriting() refuses a file that is no database, naming it', async t => {
  const path = databasePath(t)
  writeFileSync(path, 'these are not the bytes of a database'.repeat(100))
  const message = `Cannot use the store ${path}: file is not a database`
  t.throws(() => openForWriting(path), { ...UNAVAILABLE, message })
})

t.test('openForWriting() refuses a directory in place of a file, naming it', async t => {
  const path = databasePath(t)
  mkdirSync(path)
  const message = `Cannot use the store ${path}: unable to open database file`
  t.throws(() => openForWriting(path), { ...UNAVAILABLE, message })
})

t.test('openForWriting() creates no tree where the parent directory is missing', async t => {
  const path = join(temporaryFolder(t), 'no', 'such', 'relay.db')
  const message = new RegExp(`^Cannot use the store ${path}: ENOENT.*'${dirname(path)}'`)
  t.throws(() => openForWriting(path), { ...UNAVAILABLE, message })
})

t.test('openForReading() refuses a database that is not there, naming it', async t => {
  const path = databasePath(t)
  const message = `Cannot use the store ${path}: unable to open database file`
  t.throws(() => openForReading(path), { ...UNAVAILABLE, message })
})

t.test('transaction() writes all of its work or nothing', async t => {
  const db = openForWriting(databasePath(t))
  t.teardown(() => db.close())
  const insert = (key: string) => db.prepare('INSERT INTO meta VALUES (?, 1)').run(key)
  t.throws(() => transaction(db, () => {
    insert('a')
    throw new Error('half way')
  }), { message: 'half way' })
  t.equal(transaction(db, () => insert('b').changes), 1)
  t.strictSame(db.prepare("SELECT key FROM meta WHERE key IN ('a', 'b')").all().map((row) => row.key), ['b'])
})

t.test('transaction() throws the failure that SQLite has rolled back itself', async t => {
  const path = databasePath(t)
  const db = openForWriting(path)
  t.teardown(() => db.close())
  meddle(path, "CREATE TRIGGER full BEFORE INSERT ON meta BEGIN SELECT RAISE(ROLLBACK, 'disk full'); END")
  t.throws(() => transaction(db, () => db.exec("INSERT INTO meta VALUES ('a', 1)")), { message: 'disk full' })
  t.notOk(db.isTransaction)
})

t.test('guard() names the path once, and keeps the cause', async t => {
  const cause = new Error('disk full')
  const fail = (): never => { throw cause }
  const message = 'Cannot use the store /x.db: disk full'
  t.throws(() => guard('/x.db', () => guard('/x.db', fail)), { ...UNAVAILABLE, message, cause })
})
