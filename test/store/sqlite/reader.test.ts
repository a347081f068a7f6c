import { existsSync, rmSync } from 'node:fs'
import t from 'tap'
import { sqliteReader } from '../../../src/store/sqlite/reader.ts'
import { sqliteWriter } from '../../../src/store/sqlite/writer.ts'
import { databasePath, meddle } from '../../support/sqlite.ts'

t.test('sqliteReader reads again once the file works again', async t => {
  const path = databasePath(t)
  const writer = sqliteWriter(path)
  writer.append([{ taskId: 'a', event: 'task-update', data: '{}', digest: 'x', at: 0 }], 0)
  t.teardown(() => { writer.close() })
  const reader = sqliteReader(path)
  t.teardown(() => { reader.close() })
  const { last, epochs } = reader.extent('a')
  t.equal(last, 1)
  const start = `${epochs[0]?.epoch}.0`

  meddle(path, 'ALTER TABLE events RENAME TO gone')
  const message = `Cannot use the store ${path}: no such table: events`
  t.throws(() => reader.page('a', start, 10), { code: 'STORE_UNAVAILABLE', message })
  meddle(path, 'ALTER TABLE gone RENAME TO events')

  t.equal(reader.page('a', start, 10)?.length, 1)
})

t.test('sqliteReader opens the file at the first read, and refuses one that is not there', async t => {
  const path = databasePath(t)
  const reader = sqliteReader(path)
  t.throws(() => reader.extent('a'), { code: 'STORE_UNAVAILABLE', message: new RegExp(path) })
  t.doesNotThrow(() => { reader.close() })
})

t.test('sqliteReader starts no log of its own when that of the writer was removed', async t => {
  const path = databasePath(t)
  const writer = sqliteWriter(path)
  t.teardown(() => { writer.close() })
  const reader = sqliteReader(path)
  t.teardown(() => { reader.close() })
  rmSync(`${path}-wal`)
  t.throws(() => reader.extent('a'), { code: 'STORE_UNAVAILABLE', message: /its log was removed/ })
  t.notOk(existsSync(`${path}-wal`))
})
