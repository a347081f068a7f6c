import { copyFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { draft, readAll } from '../../../src/conformance/drafts.ts'
import type { Delivery } from '../../../src/event.ts'
import { SCHEMA_VERSION } from '../../../src/store/sqlite/schema.ts'
import { sqliteStore } from '../../../src/store/sqlite/store.ts'
import { readCallback } from '../../../src/suno/callback.ts'
import { databasePath, meddle } from '../../support/sqlite.ts'

// A file of each released schema, written by the code of its time: `a` has two events, the first one of the delivery
// `key`; `b` has one; `trimmed` had two. From version 2 on three callbacks are held, the last two with deliveries.
const VERSIONS = [1, 2, 3]
const FAR = Date.UTC(2100, 0, 1)

/** Opens a copy of the file of a version. */
async function openCopy (t: Test, version: number) {
  const path = databasePath(t)
  copyFileSync(fileURLToPath(new URL(`fixtures/v${version}.db`, import.meta.url)), path)
  const old = new DatabaseSync(path, { readOnly: true })
  t.strictSame(Object.values(old.prepare('PRAGMA user_version').get() ?? {}), [version])
  const { value: epoch } = old.prepare("SELECT value FROM meta WHERE key = 'epoch'").get() as { value: string }
  old.close()
  const store = await sqliteStore(path)
  t.teardown(() => store.close())
  return { epoch, store }
}

function delivered (text: string, key: string, onConflict: Delivery['onConflict']) {
  return { ...draft(text), delivery: { key, onConflict, expiresAt: FAR } }
}

for (const version of VERSIONS) {
  t.test(`schema: a file of version ${version} keeps its events, ids and high-water marks`, async t => {
    const { epoch, store } = await openCopy(t, version)
    const events = ['one', 'two'].map((text, i) => {
      return { taskId: 'a', seq: i + 1, id: `${epoch}.${i + 1}`, event: 'task-update', data: JSON.stringify(text) }
    })
    t.strictSame(await readAll(store, 'a'), events)
    t.equal((await store.append('a', draft('three'))).event.id, `${store.epoch}.3`)
    t.equal((await store.append('trimmed', draft('one'))).event.id, `${store.epoch}.3`)
  })

  t.test(`schema: cursors from a file of version ${version} stay known`, async t => {
    const { epoch, store } = await openCopy(t, version)
    const { event } = await store.append('a', draft('three'))
    t.match(event.id, new RegExp(`^${epoch}-[0-9a-f]{8}\\.3$`))
    const rest = async (taskId: string, id: string) => (await store.read(taskId, id, 10))?.length
    for (const seq of [0, 1, 2]) t.equal(await rest('a', `${epoch}.${seq}`), 3 - seq)
    t.equal(await rest('a', `${epoch}.3`), undefined)
    t.equal(await rest('trimmed', `${epoch}.2`), 0)
    t.equal(await rest('trimmed', `${epoch}.1`), undefined)
    t.equal(await rest('never', `${epoch}.0`), 0)
  })
}

for (const version of VERSIONS.slice(1)) {
  t.test(`schema: a file of version ${version} keeps its deliveries`, async t => {
    const { epoch, store } = await openCopy(t, version)
    const again = await store.append('a', delivered('one', 'key', 'reject'))
    t.match(again, { event: { id: `${epoch}.1` }, duplicate: true })
    await t.rejects(store.append('a', delivered('two', 'key', 'reject')), { code: 'CALLBACK_UNAUTHENTIC' })
  })

  t.test(`schema: a file of version ${version} keeps its quarantine`, async t => {
    const { store } = await openCopy(t, version)
    t.match(await store.quarantine.list(), [{ id: 1, bytes: 10 }, { id: 2 }, { id: 3 }])
    t.match(await store.quarantine.get(1), { body: '{"held":1}', signedTaskId: 'a', reason: 'it is odd' })
    t.match(await store.quarantine.release(1, 'a', draft('three')), { event: { seq: 3 }, duplicate: false })
  })
}

t.test('schema: a held delivery of version 3 is known after its release', async t => {
  const { store } = await openCopy(t, 3)
  const [, two, three] = await store.quarantine.list()
  const first = await store.quarantine.release(two!.id, 'a', draft('read now'))
  t.strictSame(await store.append('a', delivered('held 2', 'held key', 'reject')), { ...first, duplicate: true })

  // Under this key any body counts as the same delivery.
  const other = await store.append('c', delivered('another body', 'webhook id', 'deduplicate'))
  t.strictSame(await store.quarantine.release(three!.id, 'c', draft('read now')), { ...other, duplicate: true })
})

t.test('schema: the names of conflicts in held deliveries are brought up to date', async t => {
  const path = databasePath(t)
  copyFileSync(fileURLToPath(new URL('fixtures/v3.db', import.meta.url)), path)
  meddle(path, `INSERT INTO quarantine (at, step, reason, bytes, body, delivery) VALUES
    (1, 'validate', 'it is odd', 2, '{}', '{"key":"a","otherBody":"refused","expiresAt":1.5}'),
    (1, 'validate', 'it is odd', 2, '{}', '{"key":"b","onConflict":"reject","expiresAt":2}')`)
  await (await sqliteStore(path)).close()
  const db = new DatabaseSync(path, { readOnly: true })
  t.teardown(() => { db.close() })
  const deliveries = db.prepare('SELECT delivery FROM quarantine ORDER BY id').all()
  t.strictSame(deliveries.map(({ delivery }) => delivery && JSON.parse(delivery as string)), [
    null,
    { key: 'held key', onConflict: 'append', expiresAt: FAR },
    { key: 'webhook id', onConflict: 'deduplicate', expiresAt: FAR },
    { key: 'a', onConflict: 'reject', expiresAt: 1.5 },
    { key: 'b', onConflict: 'reject', expiresAt: 2 }
  ])
})

const RECEIVED = { receivedAt: new Date(5000) }
const bodyOf = (phrase: string) => ({
  code: 200, msg: 'success', data: { taskId: 'old', status: 'wait_validating', validateInfo: phrase, errorCode: 0 }
})
const OLD_EVENTS = `
  WITH RECURSIVE numbers AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < 501)
  INSERT INTO events (task_id, seq, at, event, data, digest)
  SELECT 'many', n, 5000, 'phrase-failed', 'no JSON', 'd' FROM numbers`

for (const version of VERSIONS) {
  t.test(`schema: a phrase in a file of version ${version} is no outcome of a later submission`, async t => {
    const path = databasePath(t)
    copyFileSync(fileURLToPath(new URL(`fixtures/v${version}.db`, import.meta.url)), path)
    const { draft: { event, data, digest } } = readCallback('regenerate', bodyOf('the old one'), RECEIVED)
    const insert = 'INSERT INTO events (task_id, seq, at, event, data, digest) VALUES'
    meddle(path, `${OLD_EVENTS};
      ${insert} ('old', 1, 5000, '${event}', '${data}', '${digest}');
      ${insert} ('odd', 1, 5000, '${event}', '{"step":"x"}', 'd')`)
    const store = await sqliteStore(path)
    t.teardown(() => store.close())
    const patience = { askAfterMs: 0, giveUpMs: 600_000 }
    await store.submissions.reserve({ id: 'r', step: 'regenerate', taskId: 'old' }, patience)
    await store.submissions.expect('r', 'old')
    const query = { ...RECEIVED, source: 'query' } as const
    const { draft: former } = readCallback('regenerate', bodyOf('the old one'), query)
    t.equal(await store.submissions.answer('r', { draft: former, nextMs: 10 }), undefined)
    const { draft: next } = readCallback('regenerate', bodyOf('the new one'), query)
    t.equal((await store.submissions.answer('r', { draft: next, nextMs: 10 }))?.settled?.step, 'regenerate')
    t.equal((await store.extent('odd')).last, 1)
  })
}

t.test('schema: an older version that goes on writing to a file fails, and keeps nothing', async t => {
  const path = databasePath(t)
  const store = await sqliteStore(path)
  t.teardown(() => store.close())
  // As versions 1 to 5 of the schema do.
  const columns = 'task_id, seq, at, event, data, digest'
  const append = () => { meddle(path, `INSERT INTO events (${columns}) VALUES ('a', 1, 5, 'task-update', '{}', 'd')`) }
  const changed = { message: /no column named task_id/ }
  t.throws(append, changed)
  t.equal((await store.append('a', draft('one'))).event.seq, 1)
  const trim = () => { meddle(path, "INSERT INTO marks (task_id, seq, at) VALUES ('a', 1, 5)") }
  t.throws(trim, changed)
  t.equal(await store.trim(0, () => false), 1)
})

t.test('schema: this version stops writing when a newer one has changed the file, and keeps nothing', async t => {
  const path = databasePath(t)
  const store = await sqliteStore(path)
  t.teardown(() => store.close())
  await store.append('a', draft('one'))
  meddle(path, `PRAGMA user_version = ${SCHEMA_VERSION + 1}`)
  const refused = { code: 'STORE_UNAVAILABLE', message: /made by a newer Phrase Relay/ }
  for (let attempts = 0; attempts < 2; attempts++) await t.rejects(store.append('a', draft('two')), refused)
  meddle(path, `PRAGMA user_version = ${SCHEMA_VERSION}`)
  t.equal((await store.append('a', draft('three'))).event.seq, 2)
})

t.test('schema: a file of a newer version is refused, and left alone', async t => {
  const path = databasePath(t)
  meddle(path, `PRAGMA user_version = ${SCHEMA_VERSION + 1}`)
  const facts = `its schema is version ${SCHEMA_VERSION + 1}, made by a newer Phrase Relay, expected ${SCHEMA_VERSION}`
  for (let attempts = 0; attempts < 2; attempts++) {
    await t.rejects(sqliteStore(path), { code: 'STORE_UNAVAILABLE', message: `Cannot use the store ${path}: ${facts}` })
  }
})

// The file of version 9 has the tasks of the others, the delivery `key` of the first event of `a`, and a submission of
// the task `b`, whose outcome is expected.
t.test('schema: tasks of a file without generations go on as they were, and end with their marks', async t => {
  const path = databasePath(t)
  copyFileSync(fileURLToPath(new URL('fixtures/v9.db', import.meta.url)), path)
  const old = new DatabaseSync(path, { readOnly: true })
  const { fork } = old.prepare('SELECT fork FROM events').get() as { fork: number }
  old.close()
  let now = Date.now()
  const store = await sqliteStore(path, { now: () => now })
  t.teardown(() => store.close())
  const life = store.epoch.slice(0, 8)
  const first = `${life}-${(fork >>> 0).toString(16).padStart(8, '0')}`
  t.strictSame((await readAll(store, 'a')).map(({ id }) => id), [`${first}.1`, `${first}.2`])
  t.equal((await store.read('a', `${first}.1`, 10))?.length, 1)
  const { event, duplicate } = await store.append('a', delivered('other', 'key', 'deduplicate'))
  t.strictSame([event.id, duplicate], [`${first}.1`, true])
  t.equal((await store.append('a', draft('three'))).event.id, `${store.epoch}.3`)
  t.equal((await store.append('trimmed', draft('three'))).event.seq, 3)
  t.equal((await store.append('new', draft('one'))).event.seq, 1)
  const { tasks } = await store.tasks({ limit: 10 })
  t.strictSame(tasks.map(({ taskId }) => taskId).sort(), ['a', 'b', 'new', 'trimmed'])
  t.match((await store.extent('b')).expected, { step: 'regenerate' })
  t.equal((await store.erase('a', [])).events, 3)
  t.equal((await store.append('a', draft('four'))).event.seq, 4)
  now += 1000
  t.equal(await store.trim(1000, () => false), 3)
  t.equal((await store.append('new', draft('two'))).event.seq, 2)
})

t.test('schema: a file without tasks gets no generation for them', async t => {
  const path = databasePath(t)
  const store = await sqliteStore(path)
  await store.close()
  const db = new DatabaseSync(path, { readOnly: true })
  t.strictSame(db.prepare('SELECT number FROM generations').all().map((row) => ({ ...row })), [{ number: 1 }])
  db.close()
})
