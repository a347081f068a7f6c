import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { Worker } from 'node:worker_threads'
import t from 'tap'
import { threadEntry, writerThread } from '../../../src/store/sqlite/writer-thread.ts'
import { databasePath, meddle } from '../../support/sqlite.ts'

const ENTRY = { taskId: 'a', event: 'task-update', data: '{}', digest: 'x', at: 0 } as const
const NO_WORKERS = 'Deno' in globalThis && 'Deno does not report new threads'

t.test('threadEntry: runs a file, and imports a module from the web', async t => {
  t.equal(threadEntry(new URL('file:///a/b.ts')).href, 'file:///a/b.ts')
  const { href } = threadEntry(new URL('https://jsr.example/a/b.ts'))
  t.equal(decodeURIComponent(href), 'data:text/javascript,import "https://jsr.example/a/b.ts"')
})

t.test('writerThread call() rejects with the error of its writer', async t => {
  const path = databasePath(t)
  meddle(path, 'PRAGMA user_version = 99')
  const thread = writerThread(path)
  t.teardown(() => thread.close())
  const message = new RegExp(`${path}: its schema is version 99`)
  await t.rejects(thread.call('latest'), { code: 'STORE_UNAVAILABLE', message })
})

t.test('writerThread executes calls in order, also those before close()', async t => {
  const thread = writerThread(databasePath(t))
  const calls = [1, 2, 3].map((n) => thread.call('append', [{ ...ENTRY, digest: String(n) }], 0))
  await thread.close()
  t.match(await Promise.all(calls), [[{ seq: 1 }], [{ seq: 2 }], [{ seq: 3 }]])
})

t.test('writerThread close() is idempotent, and works before any call', async t => {
  const unused = writerThread(databasePath(t))
  await unused.close()
  const thread = writerThread(databasePath(t))
  await thread.call('check')
  await Promise.all([thread.close(), thread.close()])
})

t.test('writerThread call() after close() rejects, and starts no thread', async t => {
  const path = databasePath(t)
  const thread = writerThread(path)
  await thread.close()
  const message = `Cannot use the store ${path}: it is closed`
  await t.rejects(thread.call('check'), { code: 'STORE_UNAVAILABLE', message })
  t.notOk(existsSync(path))
})

t.test('writerThread rejects pending calls when its thread dies, and restarts it', { skip: NO_WORKERS }, async t => {
  const path = databasePath(t)
  const thread = writerThread(path)
  t.teardown(() => thread.close())
  const made = once(process, 'worker') as Promise<[Worker]>
  await thread.call('check')
  const [worker] = await made

  // Not a call: the thread dies of it.
  worker.postMessage(null)
  const waiting: Array<Promise<unknown>> = [thread.call('append', [ENTRY], 0), thread.call('check')]

  const message = new RegExp(`^Cannot use the store ${path}: its thread died: `)
  for (const call of waiting) await t.rejects(call, { code: 'STORE_UNAVAILABLE', message })
  t.match(await thread.call('append', [ENTRY], 0), [{ seq: 1 }])
})

t.test('writerThread close() resolves when the thread dies in the meantime', { skip: NO_WORKERS }, async t => {
  const thread = writerThread(databasePath(t))
  const made = once(process, 'worker') as Promise<[Worker]>
  await thread.call('check')
  const [worker] = await made
  worker.postMessage(null)
  await thread.close()
  t.equal(worker.threadId, -1)
})
