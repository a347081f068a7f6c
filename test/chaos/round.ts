import { setTimeout as delay } from 'node:timers/promises'
import { readTask, startPoster, startWatcher } from './clients.ts'
import type { Failure, Setup } from './failures.ts'
import { verify, type Evidence, type Verdict } from './verify.ts'

const POSTERS = 12
const ROUND_MS = 90_000
const SETTLE_MS = 45_000
const POLL_MS = 100
const LOAD_MS = 500

/** Result of a round. */
export interface Round extends Verdict {
  readonly failure: string
  /** Time from the failure to the first answer 200 to a callback that was sent after it, in milliseconds. */
  readonly firstMs: number
  /** Answers other than 200, and connections without an answer. */
  readonly refusals: number
}

let rounds = 0

/** Runs one failure under load: twelve posters, each task watched at both relays. */
export async function runRound (failure: Failure, setup: Setup): Promise<Round> {
  const { urls } = setup.relays
  const round = ++rounds
  const taskIds = Array.from({ length: POSTERS }, (_, n) => `round-${round}-task-${n}`)
  // A watcher without a cursor gets the newest event only: it is there before the first one.
  const watchers = taskIds.flatMap((taskId) => urls.map((_, n) => startWatcher(urls, n, taskId)))
  await Promise.all(watchers.map(({ open }) => open))
  const posters = taskIds.map((taskId) => startPoster(urls, taskId))
  const all = (): Promise<unknown> => Promise.all(posters.map((poster) => poster.nextAcknowledged()))
  let firstMs = NaN

  function mark (): void {
    const start = performance.now()
    Promise.race(posters.map((poster) => poster.nextAcknowledged())).then(() => { firstMs = performance.now() - start })
  }

  async function collect (): Promise<Evidence> {
    const kept = await Promise.all(taskIds.map(async (id) => [id, await readTask(urls[0] as string, id)] as const))
    const acknowledged = new Map(posters.map((poster) => [poster.taskId, poster.acknowledged]))
    return { acknowledged, kept: new Map(kept), watched: watchers }
  }

  /** Resolves with the verdict once it is without faults, or does not get better. */
  async function settle (): Promise<Verdict> {
    const end = performance.now() + SETTLE_MS
    for (;;) {
      const verdict = await collect().then((evidence) => verify(evidence, failure.mayLose)).catch(failed)
      if (verdict.faults.length === 0 || performance.now() > end) return verdict
      await delay(POLL_MS)
    }
  }

  async function run (): Promise<Verdict> {
    await all()
    await delay(LOAD_MS)
    await failure.inject(setup, mark)
    await all()
    await delay(LOAD_MS)
    await Promise.all(posters.map((poster) => poster.stop()))
    return settle()
  }

  const verdict = await Promise.race([run(), tooLate()]).catch(failed)
  for (const watcher of watchers) watcher.stop()
  for (const poster of posters) poster.stop()
  const refusals = posters.reduce((sum, poster) => sum + poster.refusals, 0)
  return { ...verdict, failure: failure.name, firstMs: Math.round(firstMs), refusals }
}

function failed (error: Error): Verdict {
  return { faults: [error.message], acknowledged: 0, lost: 0, gaps: 0 }
}

async function tooLate (): Promise<never> {
  await delay(ROUND_MS + SETTLE_MS, undefined, { ref: false })
  throw new Error(`the round did not end within ${ROUND_MS + SETTLE_MS} ms`)
}
