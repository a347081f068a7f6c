import type { ClaimOptions, Submissions } from '../store/submissions.ts'
import type { Questioner, WatchReport } from './questioner.ts'

// Finds what other processes expect.
const POLL_MS = 10_000
// Due but not claimed: the limit is reached, or another process was faster.
const BUSY_MS = 1000

/**
 * Limits of the questions: half of the 20 calls in 10 seconds that a vendor allows. The lease is longer than a question
 * takes, which is 10 seconds and the time of the store.
 */
export const LIMITS: ClaimOptions = { leaseMs: 30_000, maxQuestions: 10, maxCalls: 20, windowMs: 10_000 }

/** Loop that watches over submissions. */
export interface WatchLoop {
  /** Says that something will be due after `ms` milliseconds, such as a new submission. */
  dueIn (ms: number): void
  /** Claims nothing more. Resolves when what is under way has ended. Safe to call twice. */
  stop (): Promise<void>
}

/** Parts of the loop. */
export interface WatchLoopOptions {
  readonly submissions: Submissions
  readonly questioner: Questioner
  readonly report: Pick<WatchReport, 'onError'>
  /** Clock that never goes back, in milliseconds. Default: `performance.now`. */
  readonly now?: () => number
}

/**
 * Starts the loop that claims what is due, one claim after the other, and lets questions run at the same time. A failure
 * of the store is reported and does not end it.
 */
export function watchOver (options: WatchLoopOptions): WatchLoop {
  const { submissions, questioner, report, now = () => performance.now() } = options
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

  /** Runs something to its end, whatever happens. */
  function run (work: () => Promise<void>): void {
    const running = work().catch(report.onError).finally(() => { underWay.delete(running) })
    underWay.add(running)
  }

  async function claimDue (): Promise<void> {
    isClaiming = true
    dueAt = Infinity
    // A store that fails is asked again after this time.
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
    const due = await submissions.claim(LIMITS)
    // After a stop others take them when the lease has ended.
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
