import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { backup } from '../../src/cli/backup.ts'
import { drafts, readAll as readTask } from '../../src/conformance/drafts.ts'
import { sqliteStore } from '../../src/store/sqlite/store.ts'
import { compare, postMany, readAll, type Ledger } from '../support/load.ts'
import { runCommand, runtimeCommand, startProcess } from '../support/process.ts'
import { databasePath, meddle } from '../support/sqlite.ts'

t.test('backup copies the store, for its owner only', async t => {
  const path = databasePath(t)
  const store = await sqliteStore(path)
  t.teardown(() => store.close())
  for (const one of drafts(3)) await store.append('a', one)
  await store.quarantine.hold({ step: 'validate', body: '{}', reason: 'it is odd', digest: 'one' })

  const file = `${path}-copy`
  t.equal(await backup([file], { STORE_URL: `sqlite:${path}` }), `${file}\n`)
  t.equal((statSync(file).mode & 0o777).toString(8), '600')
  const copy = await sqliteStore(file)
  t.teardown(() => copy.close())
  t.strictSame(await readTask(copy, 'a'), await readTask(store, 'a'))
  t.strictSame(await copy.quarantine.list(), await store.quarantine.list())
})

t.test('backup overwrites nothing', async t => {
  const path = databasePath(t)
  await (await sqliteStore(path)).close()
  const file = `${path}-copy`
  writeFileSync(file, 'precious')
  const refused = { name: 'RangeError', message: /Cannot create the copy: EEXIST/ }
  await t.rejects(backup([file], { STORE_URL: `sqlite:${path}` }), refused)
  await t.rejects(backup([path], { STORE_URL: `sqlite:${path}` }), refused)
  t.equal(readFileSync(file, 'utf8'), 'precious')
})

t.test('backup leaves no file behind when it fails', async t => {
  const path = databasePath(t)
  const env = { STORE_URL: `sqlite:${path}` }
  await t.rejects(backup([`${path}-copy`], env), { name: 'RangeError', message: /which is no file/ })
  writeFileSync(path, 'these are not the bytes of a database'.repeat(100))
  const message = `Cannot use the store ${path}: file is not a database`
  await t.rejects(backup([`${path}-copy`], env), { code: 'STORE_UNAVAILABLE', message })
  t.notOk(existsSync(`${path}-copy`))
})

t.test('backup of a store in memory, and into a missing folder, is refused', async t => {
  const path = databasePath(t)
  meddle(path, 'CREATE TABLE a (b)')
  const memory = { name: 'RangeError', message: /"memory:", which is no file/ }
  await t.rejects(backup(['copy'], { STORE_URL: 'memory:' }), memory)
  const folder = { name: 'RangeError', message: /Cannot create the copy: ENOENT/ }
  await t.rejects(backup([`${path}/no/copy`], { STORE_URL: `sqlite:${path}` }), { name: 'RangeError' })
  await t.rejects(backup([join(path, '..', 'no', 'copy')], { STORE_URL: `sqlite:${path}` }), folder)
})

t.test('backup prints its help, and refuses several files', async t => {
  for (const args of [[], ['--help']]) t.match(await backup(args, {}), /^Copies the store/)
  await t.rejects(backup(['a', 'b'], {}), new RangeError('Cannot back up into 2 files, expected one'))
})

t.test('backup of a running server has everything that was acknowledged before', async t => {
  const path = databasePath(t)
  const env = { STORE_URL: `sqlite:${path}` }
  const { url } = await startProcess(t, env)
  const ledger: Ledger = { acknowledged: new Map(), sent: new Set() }
  let running = true
  const posting = postMany(url, ledger, () => running, 4)
  while (ledger.acknowledged.size < 100) await new Promise(setImmediate)

  const acknowledged = new Map(ledger.acknowledged)
  const file = `${path}-copy`
  t.match(await runCommand(t, runtimeCommand('src/bin.js', 'backup', file), env), { code: 0, output: `${file}\n` })
  running = false
  await posting

  const restored = await startProcess(t, { STORE_URL: `sqlite:${file}` })
  const { kept, faults } = await readAll(restored.url)
  t.strictSame(faults, [])
  t.strictSame(compare({ acknowledged, sent: ledger.sent }, kept), [])
})
