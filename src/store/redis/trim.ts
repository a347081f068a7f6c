import { DAY_MS } from '../submissions.ts'
import { MARK_LIVES } from '../store.ts'
import { STALE } from './read-scripts.ts'
import { FORGET, FORGET_HELD, FORGET_MARKS, FORGET_SUBMISSIONS } from './trim-scripts.ts'
import type { StoreParts } from './parts.ts'

// A script holds up everything else in Redis.
const STEP = 100

/** Trims in steps, so that appends run between them. See {@link EventStore.trim}. */
export async function trim (
  { ask, writer, clock }: StoreParts, ageMs: number, watched: (taskId: string) => boolean
): Promise<number> {
  const now = clock()
  const before = now - ageMs
  let forgotten = 0
  for (let kept = 0, step = STEP; step === STEP;) {
    const taskIds = await ask(STALE, before, kept, STEP) as string[]
    const unwatched = taskIds.filter((taskId) => !watched(taskId))
    const count = await writer.call({ script: FORGET, args: [before, ...unwatched] }) as number
    forgotten += count
    kept += taskIds.length - count
    step = taskIds.length
  }
  await writer.call({ script: FORGET_HELD, args: [before] })
  for (let kept = 0, step = STEP; step === STEP;) {
    const args = [now - DAY_MS, now, kept, STEP]
    const [count, left] = await writer.call({ script: FORGET_SUBMISSIONS, args }) as [number, number]
    kept += left
    step = count
  }
  while (await writer.call({ script: FORGET_MARKS, args: [now - ageMs * MARK_LIVES, STEP] }) === STEP);
  return forgotten
}
