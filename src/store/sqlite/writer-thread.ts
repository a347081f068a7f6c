import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { RelayError } from '../../errors.ts'
import type { Answer, Call } from './writer-worker.ts'
import type { SqliteWriter } from './writer.ts'

/** Handle of a {@link SqliteWriter} in a thread of its own. */
export interface WriterThread {
  /**
   * Calls a method of the writer. Calls are executed in order.
   *
   * @throws {RelayError} `STORE_UNAVAILABLE` when the method failed, the thread died, or it was closed
   */
  call<M extends keyof SqliteWriter> (
    method: M, ...args: Parameters<SqliteWriter[M]>
  ): Promise<ReturnType<SqliteWriter[M]>>
  /** Completes pending calls, closes the writer and ends the thread. Idempotent. */
  close (): Promise<void>
}

interface Waiting {
  readonly resolve: (result: never) => void
  readonly reject: (error: RelayError) => void
}

/** Creates a handle that starts the writer's thread at the first call, and again after the thread died. */
export function writerThread (path: string): WriterThread {
  let worker: Worker | undefined
  let waiting: Waiting[] = []
  let closed = false

  function settle (answer: Answer): void {
    const { resolve, reject } = waiting.shift() as Waiting
    if ('error' in answer) reject(new RelayError('STORE_UNAVAILABLE', answer.error))
    else resolve(answer.result as never)
  }

  function onDeath (error: unknown): void {
    const lost = waiting
    worker = undefined
    waiting = []
    const message = `Cannot use the store ${path}: its thread died: ${(error as Error).message}`
    for (const { reject } of lost) reject(new RelayError('STORE_UNAVAILABLE', message, { cause: error }))
  }

  function start (): Worker {
    const file = new URL(`./writer-worker${extname(import.meta.url)}`, import.meta.url)
    const started = new Worker(threadEntry(file), { workerData: path })
    started.on('message', settle)
    started.on('error', onDeath)
    return started
  }

  const call: WriterThread['call'] = (method, ...args) => new Promise((resolve, reject) => {
    // A thread that starts now would never end.
    if (closed) throw new RelayError('STORE_UNAVAILABLE', `Cannot use the store ${path}: it is closed`)
    worker ??= start()
    waiting.push({ resolve, reject })
    worker.postMessage({ method, args } satisfies Call)
  })

  async function close (): Promise<void> {
    const ending = worker
    closed = true
    if (!ending) return
    worker = undefined
    // Not once() of node:events, which rejects on an error: the thread is gone then, too.
    const exit = new Promise((resolve) => { ending.once('exit', resolve) })
    ending.postMessage({ method: 'close', args: [] } satisfies Call)
    await exit
  }

  return { call, close }
}

/** Returns the URL from which a thread runs a module. Deno runs a module of JSR from the web. */
export function threadEntry (module: URL): URL {
  // A thread cannot run one from there, but it can import it.
  return module.protocol === 'file:' ? module : new URL(`data:text/javascript,import "${module.href}"`)
}
