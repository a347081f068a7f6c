import type { DatabaseSync } from 'node:sqlite'
import type { Step } from '../../../schemas/callback.ts'
import type { EventDraft } from '../../event.ts'
import type { Settled } from '../appended.ts'
import { isRepeat } from '../delivery.ts'
import type { DatedDraft, EventLog, OutcomeRow } from '../submission-table.ts'
import type { StoredEvent } from './deliveries.ts'

/** Result of an append in the writer's transaction. */
export interface Kept {
  readonly event: StoredEvent
  /** true: nothing was appended, and `event` is the earlier event. */
  readonly duplicate: boolean
  readonly settled?: Settled
}

/** Events of a SQLite file, for the writer's transaction. */
export interface SqliteEventLog extends EventLog<Kept> {
  /** Appends a draft, unless it repeats the task's newest event within the window. */
  appendNew (draft: DatedDraft, windowMs: number): Kept
}

type Newest = { readonly seq: number, readonly at: number, readonly digest: string } | undefined

/** Prepares the statements of the table `events`. */
export function sqliteEventLog (db: DatabaseSync): SqliteEventLog {
  const newest = db.prepare('SELECT seq, at, digest FROM events WHERE task_id = ? ORDER BY seq DESC LIMIT 1')
  const event = db.prepare('SELECT task_id AS taskId, seq, event, data FROM events WHERE task_id = ? AND seq = ?')
  const insert = db.prepare(`
    INSERT INTO events (task_id, seq, at, event, data, digest, outcome, submission) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
  const mark = db.prepare('SELECT seq FROM marks WHERE task_id = ?')
  const before = db.prepare(`SELECT coalesce(
    (SELECT seq FROM events WHERE task_id = ?1 AND at < ?2 ORDER BY seq DESC LIMIT 1),
    (SELECT min(seq) - 1 FROM events WHERE task_id = ?1)) AS seq`)
  const outcomes = db.prepare(`
    SELECT seq, outcome, submission FROM events WHERE task_id = ? AND outcome IS NOT NULL ORDER BY seq`)
  const attribute = db.prepare('UPDATE events SET submission = ? WHERE task_id = ? AND seq = ?')

  const newestOf = (taskId: string): Newest => newest.get(taskId) as Newest
  const markOf = (taskId: string): number => (mark.get(taskId) as { seq: number } | undefined)?.seq ?? 0
  const last = (taskId: string): number => newestOf(taskId)?.seq ?? markOf(taskId)

  function add (draft: DatedDraft, seq: number, submission: number | null): Kept {
    const { taskId, at, event, data, digest } = draft
    insert.run(taskId, seq, at, event, data, digest, writeOutcome(draft), submission)
    return { event: { taskId, seq, event, data }, duplicate: false }
  }

  function repeat (taskId: string, seq: number): Kept {
    return { event: event.get(taskId, seq) as unknown as StoredEvent, duplicate: true }
  }

  return {
    last,
    lastBefore: (taskId, time) => (before.get(taskId, time) as { seq: number | null }).seq ?? markOf(taskId),

    outcomes (taskId) {
      const rows = outcomes.all(taskId) as unknown as Array<{ seq: number, outcome: string, submission: number | null }>
      return rows.map(({ outcome, ...row }) => ({ ...row, ...readOutcome(outcome) }))
    },

    attribute (taskId, seq, submission) { attribute.run(submission, taskId, seq) },

    append: (draft, submission) => add(draft, last(draft.taskId) + 1, submission ?? null),

    appendNew (draft, windowMs) {
      const { taskId, at, digest } = draft
      const newest = newestOf(taskId)
      if (newest && isRepeat(newest, digest, at, windowMs)) return repeat(taskId, newest.seq)
      return add(draft, (newest?.seq ?? markOf(taskId)) + 1, null)
    },

    repeat
  }
}

/** Writes step and meaning of an outcome as the column `outcome`; null for an event that is none. */
function writeOutcome ({ about }: EventDraft): string | null {
  return about?.meaning === undefined ? null : `${about.step} ${about.meaning}`
}

function readOutcome (outcome: string): Pick<OutcomeRow, 'step' | 'meaning'> {
  const end = outcome.indexOf(' ')
  return { step: outcome.slice(0, end) as Step, meaning: outcome.slice(end + 1) }
}
