import type { ClaimOptions, Submissions } from '../store/submissions.ts'
import type { Questioner, WatchReport } from './questioner.ts'

// Interval for finding submissions of other processes.
const POLL_MS = 10_000
// Delay after a claim without a result: the limit is reached, or another process was faster.
const BUSY_MS = 1000

/**
 * Limits on questions: half of the 20 calls in 10 seconds that Suno allows. The lease is longer than a question, which
 * takes at most 10 seconds besides the store's time.
 */
export const LIMITS: ClaimOptions = { leaseMs: 30_000, maxQuestions: 10, maxCalls: 20, windowMs: 10_000 }

/** Loop that watches over submissions. */
export interface WatchLoop {
  /** Schedules a claim in `ms` milliseconds at the latest, for example for a new submission. */
  dueIn (ms: number): void
  /** Stops claiming. Resolves when running claims and questions have ended. Safe to call twice. */
  stop (): Promise<void>
}

/** Parts of the loop. */
export interface WatchLoopOptions {
  readonly submissions: Submissions
  readonly questioner: Questioner
  readonly report: Pick<WatchReport, 'onError'>
  /** Default: {@link LIMITS}. */
  readonly limits?: ClaimOptions
  /** Monotonic clock, in milliseconds. Default: `performance.now`. */
  readonly now?: () => number
}

/**
 * Starts the loop that claims due submissions. Claims run one after the other, questions run concurrently. The loop
 * reports a failure of the store and goes on.
 */
export function watchOver (options: WatchLoopOptions): WatchLoop {
  const { submissions, questioner, report, limits = LIMITS, now = () => performance.now() } = options
  const underWay = new Set<Promise<void>>()
  let timer: NodeJS.Timeout | undefined
  let dueAt = Infinity
  let isClaiming = false
  let isStopped = false

  function dueIn (ms: number): void {
    dueAt = Math.min(dueAt, now() + ms)
    if (isClaiming || isStopped) return
    clearTimeout(timer)
    timer = setTimeout(() => { run(claimDue) }, Math.max(0, dueAt - now())).unref()
  }

  /** Tracks work until it ends, and reports its failure. */
  function run (work: () => Promise<void>): void {
    const running = work().catch(report.onError).finally(() => { underWay.delete(running) })
    underWay.add(running)
  }

  async function claimDue (): Promise<void> {
    isClaiming = true
    dueAt = Infinity
    // The delay after a failure of the store.
    let nextMs = POLL_MS
    try {
      nextMs = await submissions.nextDueMs() ?? POLL_MS
      if (nextMs === 0) nextMs = await claim() > 0 ? 0 : BUSY_MS
    } finally {
      isClaiming = false
      dueIn(Math.min(nextMs, POLL_MS))
    }
  }

  async function claim (): Promise<number> {
    const due = await submissions.claim(limits)
    // After a stop, other processes claim the submissions when the lease has ended.
    for (const submission of isStopped ? [] : due) {
      run(async () => {
        const nextMs = await questioner(submission)
        if (nextMs !== undefined) dueIn(nextMs)
      })
    }
    return due.length
  }

  dueIn(0)
  return {
    dueIn,
    async stop () {
      isStopped = true
      clearTimeout(timer)
      while (underWay.size > 0) await Promise.all(underWay)
    }
  }
}
