interface Waiting<Entry, Outcome> {
  readonly entry: Entry
  readonly since: number
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (reason: unknown) => void
}

/** Adds an entry to the next group; resolves with its outcome once the group is committed. */
export interface GroupCommit<Entry, Outcome> {
  (entry: Entry): Promise<Outcome>
  /** Resolves when no entry waits and no commit runs. */
  idle (): Promise<void>
}

// A larger group saves hardly anything and delays everyone in it.
const MAX_GROUP = 512
// Long enough to share a commit, short compared with one.
const GATHER_MS = 2
// A turn of the event loop that took no longer had nothing to do.
const IDLE_TURN_MS = 0.05
// Under load, a turn may take seconds. No entry waits longer for its end.
const LONG_WAIT_MS = 20

/** Resolves as soon as the event loop has nothing else to do, or at the end of a turn after two milliseconds. */
async function idleTurn (): Promise<void> {
  const start = performance.now()
  let now = start
  let before: number
  do {
    before = now
    await new Promise(setImmediate)
    now = performance.now()
  } while (now - before > IDLE_TURN_MS && now - start < GATHER_MS)
}

/**
 * Groups the entries that arrive during a commit into the next one. Groups never overlap and keep the order of arrival.
 *
 * @param commit - commits one group, all or nothing, and resolves with the outcomes in its order
 */
export function groupCommit<Entry, Outcome> (
  commit: (group: Entry[]) => Promise<Outcome[]>
): GroupCommit<Entry, Outcome> {
  let queue: Array<Waiting<Entry, Outcome>> = []
  let running: Promise<void> | undefined
  let endGathering = (): void => {}

  function isDue (now: number): boolean {
    const [oldest] = queue
    return queue.length >= MAX_GROUP || (oldest !== undefined && now - oldest.since > LONG_WAIT_MS)
  }

  /** Resolves when the next group is to be committed. */
  async function gather (): Promise<void> {
    if (isDue(performance.now())) return
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    endGathering = resolve
    await Promise.race([idleTurn(), ended])
  }

  async function run (): Promise<void> {
    while (queue.length > 0) {
      // While the process is busy more entries may arrive, and each commit costs a wake-up and a sync of the disk.
      await gather()
      const group = queue.slice(0, MAX_GROUP)
      queue = queue.slice(MAX_GROUP)
      await commitGroup(group)
    }
    running = undefined
  }

  async function commitGroup (group: Array<Waiting<Entry, Outcome>>): Promise<void> {
    try {
      const outcomes = await commit(group.map(({ entry }) => entry))
      group.forEach(({ resolve }, i) => { resolve(outcomes[i] as Outcome) })
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  function add (entry: Entry): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const now = performance.now()
      queue.push({ entry, since: now, resolve, reject })
      running ??= run()
      if (isDue(now)) endGathering()
    })
  }

  return Object.assign(add, { idle: async () => { await running } })
}
