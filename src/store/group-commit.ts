interface Waiting<Entry, Outcome> {
  readonly entry: Entry
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (reason: unknown) => void
}

/** Adds an entry to the next group; resolves with its outcome once the group is committed. */
export interface GroupCommit<Entry, Outcome> {
  (entry: Entry): Promise<Outcome>
  /** Resolves when nothing waits and no commit runs. */
  idle (): Promise<void>
}

// More in one commit hardly saves anything and makes everybody wait for it.
const MOST = 512

/**
 * Groups what arrives while a commit runs into the next one. Groups never overlap and keep the order of arrival.
 *
 * @param commit - commits one group, all or nothing, and gives the outcomes in its order
 */
export function groupCommit<Entry, Outcome> (commit: (group: Entry[]) => Promise<Outcome[]>): GroupCommit<Entry, Outcome> {
  let queue: Array<Waiting<Entry, Outcome>> = []
  let running: Promise<void> | undefined

  async function run (): Promise<void> {
    while (queue.length > 0) {
      // What arrives in the same turn of the event loop belongs to one group.
      await new Promise(setImmediate)
      const group = queue.slice(0, MOST)
      queue = queue.slice(MOST)
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
      queue.push({ entry, resolve, reject })
      running ??= run()
    })
  }

  return Object.assign(add, { idle: async () => { await running } })
}
