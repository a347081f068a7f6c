import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { RelayError } from '../errors.ts'
import type { Answer, Call } from './sqlite-thread.ts'
import type { SqliteWriter } from './sqlite-writer.ts'

/** A {@link SqliteWriter} in a thread of its own. */
export interface WriterThread {
  /**
   * Calls a method of the writer; calls are carried out in order.
   *
   * @throws {RelayError} `STORE_UNAVAILABLE` when the method failed or the thread died
   */
  call<M extends keyof SqliteWriter> (method: M, ...args: Parameters<SqliteWriter[M]>): Promise<ReturnType<SqliteWriter[M]>>
  /** Closes the writer and ends the thread. */
  close (): Promise<void>
}

interface Waiting {
  readonly resolve: (result: never) => void
  readonly reject: (error: RelayError) => void
}

/** Starts the writer's thread at the first call, and again after it died. */
export function writerThread (path: string): WriterThread {
  let worker: Worker | undefined
  let waiting: Waiting[] = []

  function settle (answer: Answer): void {
    const { resolve, reject } = waiting.shift() as Waiting
    if ('error' in answer) reject(new RelayError('STORE_UNAVAILABLE', answer.error))
    else resolve(answer.result as never)
  }

  function died (error: unknown): void {
    const lost = waiting
    worker = undefined
    waiting = []
    const message = `Cannot use the store ${path}: its thread died: ${(error as Error).message}`
    for (const { reject } of lost) reject(new RelayError('STORE_UNAVAILABLE', message, { cause: error }))
  }

  function start (): Worker {
    const started = new Worker(new URL(`./sqlite-thread${extname(import.meta.url)}`, import.meta.url), { workerData: path })
    started.on('message', settle)
    started.on('error', died)
    return started
  }

  const call: WriterThread['call'] = (method, ...args) => new Promise((resolve, reject) => {
    worker ??= start()
    waiting.push({ resolve, reject })
    worker.postMessage({ method, args } satisfies Call)
  })

  async function close (): Promise<void> {
    if (!worker) return
    const exit = once(worker, 'exit')
    // The thread ends whatever becomes of the call.
    await Promise.allSettled([call('close'), exit])
  }

  return { call, close }
}
