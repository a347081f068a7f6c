// Reports pauses of a process to PROBE_FILE: node --import ./bench/probe.ts. Each line of the file is a `Pause`. Both
// threads of a relay load this module. PROBE_THREAD renames the main thread.
import { appendFileSync, statSync } from 'node:fs'
import { PerformanceObserver } from 'node:perf_hooks'
import type { StatementSync } from 'node:sqlite'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import type { Call } from '../src/store/sqlite/writer-worker.ts'

const MIN_MS = 2
const TICK_MS = 2

/** Time during which a thread did one thing. */
export interface Pause {
  readonly cause: string
  /** Milliseconds since 1970. */
  readonly from: number
  readonly ms: number
  /** CPU of the thread meanwhile, in milliseconds. The rest is a wait for the disk, or for a processor. */
  readonly cpuMs?: number | undefined
}

type Read = (this: StatementSync, ...args: unknown[]) => unknown

const file = process.env['PROBE_FILE'] as string
const thread = isMainThread ? process.env['PROBE_THREAD'] ?? 'main thread' : 'writer'

function threadCpuMs (): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** Reports a pause if it was long. `from` is a time of `performance`. */
function report (cause: string, from: number, ms: number, cpuMs?: number): void {
  if (ms < MIN_MS) return
  const pause: Pause = { cause: `${thread}: ${cause}`, from: performance.timeOrigin + from, ms, cpuMs }
  appendFileSync(file, `${JSON.stringify(pause)}\n`)
}

/** Runs `work` and reports it. `name` is called at the end, if it was long. */
function timed<T> (name: () => string, work: () => T): T {
  const [from, cpu] = [performance.now(), threadCpuMs()]
  try {
    return work()
  } finally {
    const ms = performance.now() - from
    if (ms >= MIN_MS) report(name(), from, ms, threadCpuMs() - cpu)
  }
}

new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) report('garbage collection', startTime, duration)
}).observe({ entryTypes: ['gc'] })

if (isMainThread) {
  let [last, cpu] = [performance.now(), threadCpuMs()]
  setInterval(() => {
    const [now, used] = [performance.now(), threadCpuMs()]
    report('busy', last + TICK_MS, now - last - TICK_MS, used - cpu)
    ;[last, cpu] = [now, used]
  }, TICK_MS).unref()
  const { StatementSync } = process.getBuiltinModule('node:sqlite')
  const prototype = StatementSync.prototype as unknown as Record<'all' | 'get', Read>
  for (const name of ['all', 'get'] as const) {
    const read = prototype[name]
    prototype[name] = function (...args) {
      return timed(() => `read, ${startOf(this.sourceSQL)}`, () => read.apply(this, args))
    }
  }
} else {
  const port = parentPort!
  const on = port.on.bind(port)
  const database = workerData as string
  const changedAt = (): number => statSync(database, { throwIfNoEntry: false })?.mtimeMs ?? 0
  // The worker's only listener runs the calls of the writer.
  port.on = ((event: string, listener: (call: Call) => void) => on(event, (call: Call) => {
    const before = changedAt()
    // Only a checkpoint writes to the database itself.
    timed(() => call.method + (changedAt() === before ? '' : ' with a checkpoint'), () => { listener(call) })
  })) as typeof port.on
}

function startOf (sql: string): string {
  return sql.trim().replace(/\s+/g, ' ').slice(0, 60)
}
