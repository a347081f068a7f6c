import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { Worker } from 'node:worker_threads'
import t from 'tap'
import { writerThread } from '../../../src/store/sqlite/writer-thread.ts'
import { databasePath, meddle } from '../../support/sqlite.ts'

const ENTRY = { taskId: 'a', event: 'task-update', data: '{}', digest: 'x', at: 0 } as const
const NO_WORKERS = 'Deno' in globalThis && 'Deno does not tell of threads that are made'

t.test('writerThread call() rejects with what its writer threw', async t => {
  const path = databasePath(t)
  meddle(path, 'PRAGMA user_version = 99')
  const thread = writerThread(path)
  t.teardown(() => thread.close())
  await t.rejects(thread.call('origin'), { code: 'STORE_UNAVAILABLE', message: new RegExp(`${path}: its schema is version 99`) })
})

t.test('writerThread carries calls out in order, and what was called before close()', async t => {
  const thread = writerThread(databasePath(t))
  const calls = [1, 2, 3].map((n) => thread.call('append', [{ ...ENTRY, digest: String(n) }], 0))
  await thread.close()
  t.strictSame(await Promise.all(calls), [[{ seq: 1 }], [{ seq: 2 }], [{ seq: 3 }]])
})

t.test('writerThread close() before any call, and twice, is fine', async t => {
  const unused = writerThread(databasePath(t))
  await unused.close()
  const thread = writerThread(databasePath(t))
  await thread.call('check')
  await Promise.all([thread.close(), thread.close()])
})

t.test('writerThread call() after close() rejects, and starts no thread that would never end', async t => {
  const path = databasePath(t)
  const thread = writerThread(path)
  await thread.close()
  await t.rejects(thread.call('check'), { code: 'STORE_UNAVAILABLE', message: `Cannot use the store ${path}: it is closed` })
  t.notOk(existsSync(path))
})

t.test('writerThread rejects what waits when the thread dies, and starts another for the next call', { skip: NO_WORKERS }, async t => {
  const path = databasePath(t)
  const thread = writerThread(path)
  t.teardown(() => thread.close())
  const made = once(process, 'worker') as Promise<[Worker]>
  await thread.call('check')
  const [worker] = await made

  // No message of ours: the thread dies of it.
  worker.postMessage(null)
  const waiting: Array<Promise<unknown>> = [thread.call('append', [ENTRY], 0), thread.call('check')]

  for (const call of waiting) await t.rejects(call, { code: 'STORE_UNAVAILABLE', message: new RegExp(`^Cannot use the store ${path}: its thread died: `) })
  t.strictSame(await thread.call('append', [ENTRY], 0), [{ seq: 1 }])
})

t.test('writerThread close() resolves when the thread dies of it', { skip: NO_WORKERS }, async t => {
  const thread = writerThread(databasePath(t))
  const made = once(process, 'worker') as Promise<[Worker]>
  await thread.call('check')
  const [worker] = await made
  worker.postMessage(null)
  await thread.close()
  t.equal(worker.threadId, -1)
})
