import { parentPort, workerData } from 'node:worker_threads'
import type { RelayError } from '../../errors.ts'
import { sqliteWriter, type SqliteWriter } from './writer.ts'

/** Call of a writer's method, as it crosses to the thread. */
export interface Call {
  readonly method: keyof SqliteWriter
  readonly args: unknown[]
}

/** Answer to a call. Answers have the order of the calls; `close` is answered by the end of the thread. */
export type Answer = { readonly result: unknown } | { readonly error: string }

const port = parentPort!
let writer: SqliteWriter | undefined

function answer ({ method, args }: Call): Answer {
  try {
    writer ??= sqliteWriter(workerData as string)
    const run = writer[method] as (...args: unknown[]) => unknown
    return { result: run(...args) }
  } catch (error) {
    return { error: (error as RelayError).message }
  }
}

port.on('message', (call: Call) => {
  if (call.method === 'close') {
    writer?.close()
    // Ends this thread only.
    process.exit()
  }
  port.postMessage(answer(call))
})
