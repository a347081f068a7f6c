import { cpSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { compare, postMany, readAll, type Ledger } from '../support/load.ts'
import { startProcess } from '../support/process.ts'
import { temporaryFolder } from '../support/relay.ts'

const ROUNDS = 12
const emptyLedger = (): Ledger => ({ acknowledged: new Map(), sent: new Set() })
const moment = (): Promise<void> => sleep(20 + Math.random() * 200)

t.test('crash: what was acknowledged survives SIGKILL at any moment, once and in order', async t => {
  const env = { STORE_URL: `sqlite:${join(temporaryFolder(t), 'relay.db')}` }
  const ledger = emptyLedger()

  for (let round = 0; round < ROUNDS; round++) {
    const relay = await startProcess(t, env)
    const pouring = postMany(relay.url, ledger, () => true)
    await moment()
    await relay.kill('SIGKILL')
    await pouring
  }

  const { url } = await startProcess(t, env)
  const { kept, faults } = await readAll(url)
  t.ok(ledger.acknowledged.size > ROUNDS, `${ledger.acknowledged.size} callbacks were acknowledged`)
  t.strictSame(faults, [])
  t.strictSame(compare(ledger, kept), [])
})

t.test('power cut: a copy of the files, taken at any moment, has all that was acknowledged until then', async t => {
  const folder = temporaryFolder(t)
  const live = join(folder, 'live')
  const relay = await startProcess(t, { STORE_URL: `sqlite:${join(live, 'relay.db')}` })
  const ledger = emptyLedger()
  let pouring = true
  const poured = postMany(relay.url, ledger, () => pouring)
  const copies: Array<{ path: string, acknowledged: Map<string, string> }> = []

  for (let round = 0; round < 5; round++) {
    await moment()
    const path = join(folder, `copy-${round}`)
    process.kill(relay.child.pid as number, 'SIGSTOP')
    const acknowledged = new Map(ledger.acknowledged)
    // The file -shm is memory: it does not survive a power cut.
    cpSync(live, path, { recursive: true, filter: (file) => !file.endsWith('-shm') })
    process.kill(relay.child.pid as number, 'SIGCONT')
    copies.push({ path, acknowledged })
  }
  pouring = false
  await poured

  for (const { path, acknowledged } of copies) {
    t.ok(readdirSync(path).includes('relay.db'))
    const { url } = await startProcess(t, { STORE_URL: `sqlite:${join(path, 'relay.db')}` })
    const { kept, faults } = await readAll(url)
    t.strictSame(faults, [])
    t.strictSame(compare({ acknowledged, sent: ledger.sent }, kept), [])
  }
})

t.test('removed log: two processes go on with one history, and have all that was acknowledged', async t => {
  const path = join(temporaryFolder(t), 'relay.db')
  const env = { STORE_URL: `sqlite:${path}` }
  const relays = [await startProcess(t, env), await startProcess(t, env)]
  const ledger = emptyLedger()
  let running = true
  const posting = relays.map(({ url }) => postMany(url, ledger, () => running, 4))
  for (const suffixes of [['-wal'], ['-wal', '-shm'], ['-shm'], ['-wal'], ['-wal', '-shm'], ['-shm']]) {
    await moment()
    const before = ledger.acknowledged.size
    for (const suffix of suffixes) rmSync(path + suffix, { force: true })
    while (ledger.acknowledged.size < before + 20) await moment()
  }
  running = false
  await Promise.all(posting)
  const [one, two] = await Promise.all(relays.map(({ url }) => readAll(url)))
  t.strictSame(one, two)
  t.strictSame(one?.faults, [])
  t.strictSame(compare(ledger, one!.kept), [])

  for (const relay of relays) await relay.kill()
  t.strictSame(readdirSync(dirname(path)), ['relay.db'], 'a clean stop leaves one file')
  const { url } = await startProcess(t, env)
  t.strictSame((await readAll(url)).kept, one?.kept)
})
