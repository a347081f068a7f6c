/** Start of the fault that a constant epoch causes. */
export const TWO_CONTENTS = 'two contents'

/** Event as a client has it. */
export interface Seen {
  readonly id: string
  readonly text: string
}

/** Everything that one watcher received, in order: events, and answers that said `gap`. */
export interface Watched {
  readonly taskId: string
  readonly node: string
  readonly log: ReadonlyArray<Seen | 'gap'>
}

/** All that clients know at the end of a round. */
export interface Evidence {
  /** Acknowledged events by task. */
  readonly acknowledged: ReadonlyMap<string, readonly Seen[]>
  /** Events that are kept at the end, by task. */
  readonly kept: ReadonlyMap<string, readonly Seen[]>
  readonly watched: readonly Watched[]
}

/** Faults of a round by their kind, and its counts. */
export interface Verdict {
  readonly faults: readonly string[]
  readonly acknowledged: number
  readonly lost: number
  readonly gaps: number
}

/**
 * Compares what clients know with what is kept.
 *
 * @param mayLose - whether acknowledged events may be lost, if each watcher that had one gets `gap`
 */
export function verify (evidence: Evidence, mayLose: boolean): Verdict {
  const acknowledged = [...evidence.acknowledged.values()].flat().length
  const lost = findLost(evidence)
  return {
    faults: [
      ...findTwoContents(evidence),
      ...mayLose ? [] : lost.map((id) => `acknowledged and lost: ${id}`),
      ...findTwice(evidence),
      ...evidence.watched.flatMap((watched) => findStreamFaults(watched, evidence.kept.get(watched.taskId) ?? []))
    ],
    acknowledged,
    lost: lost.length,
    gaps: evidence.watched.flatMap(({ log }) => log.filter((entry) => entry === 'gap')).length
  }
}

function isEvent (entry: Seen | 'gap'): entry is Seen {
  return entry !== 'gap'
}

function seqOf (id: string): number {
  return Number(id.slice(id.lastIndexOf('.') + 1))
}

/** Ids that clients know with two contents. */
function findTwoContents ({ acknowledged, kept, watched }: Evidence): string[] {
  const texts = new Map<string, string>()
  const faults = new Set<string>()
  const all = [
    ...[...acknowledged, ...kept].map(([taskId, events]) => ({ taskId, events })),
    ...watched.map(({ taskId, log }) => ({ taskId, events: log.filter(isEvent) }))
  ]
  for (const { taskId, events } of all) {
    for (const { id, text } of events) {
      const key = `${taskId} ${id}`
      if ((texts.get(key) ?? text) !== text) faults.add(`${TWO_CONTENTS}: ${key}`)
      texts.set(key, text)
    }
  }
  return [...faults]
}

function findLost ({ acknowledged, kept }: Evidence): string[] {
  return [...acknowledged].flatMap(([taskId, events]) => {
    const ids = new Map((kept.get(taskId) ?? []).map(({ id, text }) => [id, text]))
    return events.filter(({ id, text }) => ids.get(id) !== text).map(({ id }) => `${taskId} ${id}`)
  })
}

/** Callbacks that became two events, and holes. */
function findTwice ({ kept }: Evidence): string[] {
  return [...kept].flatMap(([taskId, events]) => {
    const isTwice = new Set(events.map(({ text }) => text)).size < events.length
    const hole = events.find(({ id }, i) => seqOf(id) !== i + 1)
    return [...isTwice ? [`kept twice: ${taskId}`] : [], ...hole ? [`hole before: ${taskId} ${hole.id}`] : []]
  })
}

/** Faults of one watcher: events out of order, received twice without a gap, missed, or lost without a gap. */
function findStreamFaults ({ taskId, node, log }: Watched, kept: readonly Seen[]): string[] {
  const faults: string[] = []
  const say = (fact: string, id: string): void => { faults.push(`${fact}: ${taskId} ${id} at ${node}`) }
  let last: number | undefined
  for (const entry of log) {
    if (entry === 'gap') {
      last = undefined
      continue
    }
    const seq = seqOf(entry.id)
    if (last !== undefined && seq !== last + 1) say(seq > last ? 'hole in a stream' : 'received twice', entry.id)
    last = seq
  }
  const keptIds = new Set(kept.map(({ id }) => id))
  const seenIds = new Set(log.filter(isEvent).map(({ id }) => id))
  for (const id of keptIds) if (!seenIds.has(id)) say('kept and not received', id)
  for (const id of seenIds) {
    if (keptIds.has(id)) continue
    const at = log.findLastIndex((entry) => isEvent(entry) && entry.id === id)
    if (!log.includes('gap', at)) say('received, lost and no gap', id)
  }
  return faults
}
