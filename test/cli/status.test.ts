import t from 'tap'
import { status } from '../../src/cli/status.ts'
import { sqliteStore } from '../../src/store/sqlite/store.ts'
import { draft } from '../../src/conformance/drafts.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { freePort } from '../support/port.ts'
import { runCommand, runtimeCommand } from '../support/process.ts'
import { startRelay } from '../support/relay.ts'
import { databasePath } from '../support/sqlite.ts'

const TOKEN = 't'.repeat(32)

t.test('status: prints readiness and the numbers of a running relay', async t => {
  const { url } = await startRelay(t, { ADMIN_TOKEN: TOKEN })
  await post(url, phraseReady('a'))
  const env = { ADMIN_TOKEN: TOKEN, PORT: new URL(url).port }
  const lines = (await status([], env)).split('\n').map((line) => line.split(/ {2,}/))
  t.match(Object.fromEntries(lines), {
    ready: 'yes',
    version: /^\d/,
    node: /^.+:\d+, \w+ [\d.]+, running for \d+/,
    streams: '0',
    callbacks: 'kept 1',
    'store bytes': 'unknown',
    'submissions waiting': '0',
    'in quarantine': '0'
  })
  t.match(JSON.parse(await status(['--json', '--url', `${url}/`], env)), { ready: true, store: { overdue: 0 } })
})

t.test('status: exits with 1 if the relay is not ready', async t => {
  const { url, hub } = await startRelay(t, { ADMIN_TOKEN: TOKEN })
  await hub.close()
  const command = runtimeCommand('src/bin.js', 'status', '--url', url)
  t.match(await runCommand(t, command, { ADMIN_TOKEN: TOKEN }), { code: 1, output: /^ready +no: .*closed\n/ })
})

t.test('status --store: prints the numbers of a store, also without a relay', async t => {
  const path = databasePath(t)
  const store = await sqliteStore(path)
  await store.append('a', draft('one'))
  await store.close()
  const env = { STORE_URL: `sqlite:${path}` }
  t.match(await status(['--store'], env), /^version +\S+\nstore bytes +\d+\nsubmissions waiting +0\n/)
  t.match(JSON.parse(await status(['--store', '--json'], env)), { store: { quarantined: 0 } })
})

t.test('status: prints its help', async t => {
  t.match(await status(['--help'], {}), /^Prints whether a relay is ready/)
})

t.test('status: states why there is no answer', async t => {
  const { url } = await startRelay(t, { ADMIN_TOKEN: TOKEN })
  await t.rejects(status(['--url', url], {}), new RangeError('Cannot accept the request: its admin token is missing ' +
    'or wrong, expected Authorization: Bearer with ADMIN_TOKEN'))
  await t.rejects(status(['--url', `${url}/web/page.js?`], {}), /^Cannot ask the relay at .*, expected the address/)
  await t.rejects(status(['--url', `${url}/nowhere`], {}), RangeError)
  const free = `http://127.0.0.1:${await freePort()}`
  await t.rejects(status(['--url', free], {}), /^Cannot ask the relay at .*refused.*, or --store$/i)
  const both = new RangeError('Cannot read --url and --store, expected one of them')
  await t.rejects(status(['--url', url, '--store'], {}), both)
  await t.rejects(status(['--store'], { STORE_URL: 'memory:' }), /^Cannot open the store: STORE_URL is "memory:"/)
})
