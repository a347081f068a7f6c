import type { DatabaseSync } from 'node:sqlite'
import type { Settled } from '../appended.ts'
import { isRepeat } from '../delivery.ts'
import type { EventLog, OutcomeRow } from '../submission-table.ts'
import { outcomeOf, readOutcome, toEntry, type Entry } from './entry.ts'
import type { Epochs, EventRow, Fork, StoredEvent } from './epochs.ts'
import type { WrittenGenerations } from './generations.ts'

/** Result of an append in the writer's transaction. */
export interface Kept {
  readonly event: StoredEvent
  /** true: nothing was appended, and `event` is the earlier event. */
  readonly duplicate: boolean
  readonly settled?: Settled
}

/** Events of a SQLite file, for the writer's transaction. */
export interface SqliteEventLog extends EventLog<Kept> {
  /** Starts a transaction: its appends have the fork that the file has by then. */
  begin (): void
  /** Appends an entry, unless it repeats the task's newest event within the window. */
  appendNew (entry: Entry, windowMs: number): Kept
  /** Returns the newest event id of a task, whether or not that event is still kept. */
  newestId (taskId: string): string
  /** Whether events of a task are kept. */
  has (taskId: string): boolean
}

type Mark = { readonly seq: number, readonly fork: Fork }
type Newest = Mark & { readonly at: number, readonly digest: string }

/** Key of a task, and its newest event or else its mark. */
interface Place {
  /** Undefined for an unknown task. */
  readonly key: string | undefined
  readonly newest?: Newest
  readonly mark?: Mark
}

type WrittenOutcome = Pick<OutcomeRow, 'seq' | 'submission'> & { readonly outcome: string }

/** Prepares the statements of the table `events`. */
export function sqliteEventLog (
  db: DatabaseSync, { epochs, generations }: { epochs: Epochs, generations: WrittenGenerations }
): SqliteEventLog {
  const { nameOf, currentFork, toStored } = epochs
  const newest = db.prepare('SELECT seq, fork, at, digest FROM events WHERE task_key = ? ORDER BY seq DESC LIMIT 1')
  const event = db.prepare('SELECT seq, fork, event, data FROM events WHERE task_key = ? AND seq = ?')
  const insert = db.prepare(`
    INSERT INTO events (task_key, seq, fork, at, event, data, digest) VALUES (?, ?, ?, ?, ?, ?, ?)`)
  const insertOutcome = db.prepare(`
    INSERT INTO events (task_key, seq, fork, at, event, data, digest, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
  const mark = db.prepare('SELECT seq, fork FROM marks WHERE task_key = ?')
  const before = db.prepare(`SELECT coalesce(
    (SELECT seq FROM events WHERE task_key = ?1 AND at < ?2 ORDER BY seq DESC LIMIT 1),
    (SELECT min(seq) - 1 FROM events WHERE task_key = ?1)) AS seq`)
  const outcomes = db.prepare(`
    SELECT seq, outcome, submission FROM events WHERE task_key = ? AND outcome IS NOT NULL ORDER BY seq`)
  const attribute = db.prepare('UPDATE events SET submission = ? WHERE task_key = ? AND seq = ?')

  let fork: number | undefined

  function placeOf (taskId: string): Place {
    for (const key of generations.keys(taskId)) {
      const last = newest.get(key) as Newest | undefined
      if (last) return { key, newest: last }
      const only = mark.get(key) as Mark | undefined
      if (only) return { key, mark: only }
    }
    return { key: undefined }
  }

  const lastOf = ({ newest, mark }: Place): number => (newest ?? mark)?.seq ?? 0

  function add (entry: Entry, place: Place): Kept {
    const { at, event, data, digest } = entry
    const { key = generations.fresh(entry.taskId) } = place
    const seq = lastOf(place) + 1
    fork ??= currentFork()
    const outcome = outcomeOf(entry)
    if (outcome === null) insert.run(key, seq, fork, at, event, data, digest)
    else insertOutcome.run(key, seq, fork, at, event, data, digest, outcome)
    return { event: toStored(key, { seq, fork, event, data }), duplicate: false }
  }

  function repeat (key: string, seq: number): Kept {
    return { event: toStored(key, event.get(key, seq) as unknown as EventRow), duplicate: true }
  }

  return {
    begin () { fork = undefined },
    last: (taskId) => lastOf(placeOf(taskId)),

    lastBefore (taskId, time) {
      const { key = null, mark } = placeOf(taskId)
      return (before.get(key, time) as { seq: number | null }).seq ?? mark?.seq ?? 0
    },

    outcomes (taskId) {
      const rows = outcomes.all(placeOf(taskId).key ?? null) as unknown as WrittenOutcome[]
      return rows.map(({ outcome, ...row }) => ({ ...row, ...readOutcome(outcome) }))
    },

    attribute (taskId, seq, submission) { attribute.run(submission, placeOf(taskId).key as string, seq) },

    append (draft) {
      const place = placeOf(draft.taskId)
      return add(toEntry(draft.taskId, draft, draft.at), place)
    },

    appendNew (entry, windowMs) {
      const { taskId, at, digest } = entry
      const place = placeOf(taskId)
      const { key, newest } = place
      if (newest && isRepeat(newest, digest, at, windowMs)) return repeat(key as string, newest.seq)
      return add(entry, place)
    },

    repeat: (taskId, seq) => repeat(placeOf(taskId).key as string, seq),

    newestId (taskId) {
      const { newest, mark } = placeOf(taskId)
      const { seq, fork } = newest ?? mark ?? { seq: 0, fork: currentFork() }
      return `${nameOf(fork)}.${seq}`
    },

    has: (taskId) => placeOf(taskId).newest !== undefined
  }
}
