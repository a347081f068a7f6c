import { execFileSync } from 'node:child_process'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { runCommand, runtimeCommand, startProcess, type TestProcess } from '../support/process.ts'
import { temporaryFolder } from '../support/relay.ts'
import { watch } from '../support/sse.ts'

const isRoot = process.getuid?.() === 0
const needsRoot = !isRoot && process.env.CI !== 'true' && 'needs root'

/** A disk of one megabyte. */
function smallDisk (t: Test): string {
  const folder = temporaryFolder(t)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
  t.teardown(() => { execFileSync('umount', ['--lazy', folder]) })
  return folder
}

/** Runs the process on a store that it cannot open. */
async function start (t: Test, path: string): Promise<{ code: number | string, output: string }> {
  return runCommand(t, runtimeCommand('src/bin.js'), { STORE_URL: `sqlite:${path}`, PORT: '0' })
}

/** Makes the store unavailable, checks that the relay reports it and loses nothing, and that it recovers by itself. */
async function rideOut (t: Test, relay: TestProcess, trouble: { begin: () => void, end: () => void }): Promise<void> {
  const stream = await watch(t, `${relay.url}/events/a`)
  await stream.next()
  const before = await post(relay.url, phraseReady('a', 'before'))
  t.equal((await stream.next()).id, before.json.eventId)

  trouble.begin()
  const during = await post(relay.url, phraseReady('a', 'during'))
  const ready = await fetch(`${relay.url}/readyz`)
  trouble.end()
  const after = await post(relay.url, phraseReady('a', 'after'))

  t.match(during, { status: 503, json: { code: 'STORE_UNAVAILABLE' } })
  t.match(during.headers.get('retry-after'), /^\d+$/)
  t.match(await ready.json(), { status: 503, code: 'STORE_UNAVAILABLE' })
  await relay.printed(/Cannot use the store \/\S+relay\.db: /)
  t.equal(after.status, 200)
  t.match(await stream.next(), { id: after.json.eventId, data: { validateInfo: 'after' } })
  t.equal(Number(after.json.eventId.split('.')[1]), 2, 'a callback that failed used up no seq')
  t.equal((await fetch(`${relay.url}/readyz`)).status, 200)
}

t.test('store trouble: a database that another process has locked', async t => {
  const path = join(temporaryFolder(t), 'relay.db')
  const relay = await startProcess(t, { STORE_URL: `sqlite:${path}` })
  const other = new DatabaseSync(path, { timeout: 5000 })
  t.teardown(() => { other.close() })
  await rideOut(t, relay, { begin: () => { other.exec('BEGIN EXCLUSIVE') }, end: () => { other.exec('ROLLBACK') } })
})

t.test('store trouble: a file that was moved away', async t => {
  const folder = join(temporaryFolder(t), 'store')
  const relay = await startProcess(t, { STORE_URL: `sqlite:${join(folder, 'relay.db')}` })
  await rideOut(t, relay, {
    begin: () => { renameSync(folder, `${folder}-away`) },
    end: () => { renameSync(`${folder}-away`, folder) }
  })
})

t.test('store trouble: a full disk', { skip: needsRoot }, async t => {
  const folder = smallDisk(t)
  const relay = await startProcess(t, { STORE_URL: `sqlite:${join(folder, 'relay.db')}` })
  const ballast = join(folder, 'ballast')
  await rideOut(t, relay, {
    begin () { t.throws(() => { writeFileSync(ballast, Buffer.alloc(2 ** 20)) }, { code: 'ENOSPC' }) },
    end () { rmSync(ballast) }
  })
})

t.test('store trouble: a failed start prints one line that names the path', async t => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'relay.db')

  await t.test('a file that is not a database', async t => {
    writeFileSync(
      path,
      'something else entirely, and long enough to be looked at as a header of a database file of SQLite'
    )
    const { code, output } = await start(t, path)
    t.equal(code, 1)
    t.equal(output, `Cannot use the store ${path}: file is not a database\n`)
  })

  await t.test('a missing directory', async t => {
    const { code, output } = await start(t, join(folder, 'no', 'such', 'relay.db'))
    t.equal(code, 1)
    t.match(output, `Cannot use the store ${join(folder, 'no', 'such', 'relay.db')}: ENOENT`)
  })

  await t.test('a newer schema', async t => {
    const newer = new DatabaseSync(join(folder, 'newer.db'))
    newer.exec('PRAGMA user_version = 99')
    newer.close()
    const { code, output } = await start(t, join(folder, 'newer.db'))
    t.equal(code, 1)
    t.match(output, 'its schema is version 99, made by a newer Phrase Relay')
  })
})

t.test('store trouble: a read-only file', { skip: needsRoot }, async t => {
  const folder = smallDisk(t)
  const path = join(folder, 'relay.db')
  const first = await startProcess(t, { STORE_URL: `sqlite:${path}` })
  await post(first.url, phraseReady('a'))
  await first.kill()
  execFileSync('mount', ['-o', 'remount,ro', folder])

  const { code, output } = await start(t, path)

  t.equal(code, 1)
  t.match(
    output,
    new RegExp(`^Cannot use the store ${path}: (attempt to write a readonly database|unable to open database file)\n$`)
  )
})
