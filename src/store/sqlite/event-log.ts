import type { DatabaseSync } from 'node:sqlite'
import type { Settled } from '../appended.ts'
import { isRepeat } from '../delivery.ts'
import type { EventLog } from '../submission-table.ts'
import { outcomeOf, readOutcome, toEntry, type Entry } from './entry.ts'
import type { Epochs, EventRow, Fork, StoredEvent } from './epochs.ts'

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
}

type Mark = { readonly seq: number, readonly fork: Fork } | undefined
type Newest = Mark & { readonly at: number, readonly digest: string } | undefined

/** Prepares the statements of the table `events`. */
export function sqliteEventLog (db: DatabaseSync, { nameOf, currentFork, toStored }: Epochs): SqliteEventLog {
  const newest = db.prepare('SELECT seq, fork, at, digest FROM events WHERE task_id = ? ORDER BY seq DESC LIMIT 1')
  const event = db.prepare('SELECT seq, fork, event, data FROM events WHERE task_id = ? AND seq = ?')
  const insert = db.prepare(`
    INSERT INTO events (task_id, seq, fork, at, event, data, digest) VALUES (?, ?, ?, ?, ?, ?, ?)`)
  const insertOutcome = db.prepare(`
    INSERT INTO events (task_id, seq, fork, at, event, data, digest, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
  const mark = db.prepare('SELECT seq, fork FROM marks WHERE task_id = ?')
  const before = db.prepare(`SELECT coalesce(
    (SELECT seq FROM events WHERE task_id = ?1 AND at < ?2 ORDER BY seq DESC LIMIT 1),
    (SELECT min(seq) - 1 FROM events WHERE task_id = ?1)) AS seq`)
  const outcomes = db.prepare(`
    SELECT seq, outcome, submission FROM events WHERE task_id = ? AND outcome IS NOT NULL ORDER BY seq`)
  const attribute = db.prepare('UPDATE events SET submission = ? WHERE task_id = ? AND seq = ?')

  let fork: number | undefined

  const newestOf = (taskId: string): Newest => newest.get(taskId) as Newest
  const markOf = (taskId: string): Mark => mark.get(taskId) as Mark
  const lastMark = (taskId: string): number => markOf(taskId)?.seq ?? 0
  const last = (taskId: string): number => newestOf(taskId)?.seq ?? lastMark(taskId)

  function add (entry: Entry, seq: number): Kept {
    const { taskId, at, event, data, digest } = entry
    fork ??= currentFork()
    const outcome = outcomeOf(entry)
    if (outcome === null) insert.run(taskId, seq, fork, at, event, data, digest)
    else insertOutcome.run(taskId, seq, fork, at, event, data, digest, outcome)
    return { event: toStored(taskId, { seq, fork, event, data }), duplicate: false }
  }

  function repeat (taskId: string, seq: number): Kept {
    return { event: toStored(taskId, event.get(taskId, seq) as unknown as EventRow), duplicate: true }
  }

  return {
    begin () { fork = undefined },
    last,
    lastBefore: (taskId, time) => (before.get(taskId, time) as { seq: number | null }).seq ?? lastMark(taskId),

    outcomes (taskId) {
      const rows = outcomes.all(taskId) as unknown as Array<{ seq: number, outcome: string, submission: number | null }>
      return rows.map(({ outcome, ...row }) => ({ ...row, ...readOutcome(outcome) }))
    },

    attribute (taskId, seq, submission) { attribute.run(submission, taskId, seq) },

    append: (draft) => add(toEntry(draft.taskId, draft, draft.at), last(draft.taskId) + 1),

    appendNew (entry, windowMs) {
      const { taskId, at, digest } = entry
      const newest = newestOf(taskId)
      if (newest && isRepeat(newest, digest, at, windowMs)) return repeat(taskId, newest.seq)
      return add(entry, (newest?.seq ?? lastMark(taskId)) + 1)
    },

    repeat,

    newestId (taskId) {
      const { seq, fork } = newestOf(taskId) ?? markOf(taskId) ?? { seq: 0, fork: currentFork() }
      return `${nameOf(fork)}.${seq}`
    }
  }
}
