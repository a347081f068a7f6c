import type { DatabaseSync } from 'node:sqlite'
import { filesOf, guard, openForReading, snapshots } from './database.ts'
import { sqliteEpochs, toEvent, type EventRow } from './epochs.ts'
import { noGenerations, sqliteGenerations, type KnownGenerations } from './generations.ts'
import { parseEventId } from '../event-id.ts'
import { extentReader } from './extent.ts'
import { takePage } from '../page.ts'
import { taskListReader, type ReadTasks } from './task-list.ts'
import { COLUMNS } from './submission-table.ts'
import type { BoundRow } from '../submission-table.ts'
import type { SubmissionCounts } from '../submissions.ts'
import type { Held, HeldSummary, TaskEvent } from '../../event.ts'
import type { Extent } from '../store.ts'

const CHUNK = 64

/** Reading side of the SQLite store: point reads of microseconds, on the caller's thread. */
export interface SqliteReader {
  /** See {@link EventStore.read}. */
  page (taskId: string, after: string | undefined, limit: number): TaskEvent[] | undefined
  /** See {@link EventStore.extent}. */
  extent (taskId: string): Extent
  /** See {@link EventStore.tasks}. */
  readonly tasks: ReadTasks
  /** Returns the epoch of an append now. */
  epoch (): string
  /** Returns the submissions of a task, newest first. */
  submissions (taskId: string): BoundRow[]
  submissionCounts (): SubmissionCounts
  /** Returns the time at which the next submission may be claimed; undefined when none is watched. */
  nextDue (): number | undefined
  /** Returns the secret that signs reservations. */
  signingKey (): string
  /** Returns all quarantined callbacks, oldest first. */
  list (): HeldSummary[]
  held (id: number): Held | undefined
  close (): void
}

/**
 * Creates the reader of a SQLite file that a writer has open. It opens the file at the first read, and again after a
 * failure.
 *
 * @throws {RelayError} `STORE_UNAVAILABLE`, naming the path, from every method
 */
export function sqliteReader (path: string): SqliteReader {
  const known = noGenerations()
  let session: Session | undefined

  function read<T> (work: (session: Session) => T): T {
    return guard(path, () => {
      session ??= open(path, known)
      try {
        return work(session)
      } catch (error) {
        session.db.close()
        session = undefined
        throw error
      }
    })
  }

  return {
    page: (taskId, after, limit) => read((s) => s.snapshot(() => page(s, taskId, { after, limit }))),
    extent: (taskId) => read(({ snapshot, extents }) => {
      return extents.short(taskId) ?? snapshot(() => extents.full(taskId))
    }),
    tasks: (options) => read((s) => s.snapshot(() => s.tasks(options))),
    epoch: () => read(({ epochs }) => epochs.nameOf(epochs.currentFork())),
    list: () => read((s) => s.list.all() as unknown as HeldSummary[]),
    held: (id) => read((s) => s.held.get(id) as unknown as Held | undefined),
    submissions: (taskId) => read((s) => s.submissions.all(taskId) as unknown as BoundRow[]),
    submissionCounts: () => read((s) => ({ ...s.counts.get() }) as unknown as SubmissionCounts),
    nextDue: () => read((s) => nextDue(s)),
    signingKey: () => read((s) => (s.signingKey.get() as { value: string }).value),
    close () {
      session?.db.close()
      session = undefined
    }
  }
}

type Session = ReturnType<typeof open>

function open (path: string, known: KnownGenerations) {
  // Opening would start another log, although the writer has one.
  if (filesOf(path).wal === undefined) throw new Error('its log was removed while it was in use')
  const db: DatabaseSync = openForReading(path)
  const epochs = sqliteEpochs(db)
  const generations = sqliteGenerations(db, known)
  return {
    db,
    snapshot: snapshots(db),
    epochs,
    generations,
    extents: extentReader(db, { epochs, generations }),
    tasks: taskListReader(db, { epochs, generations }),
    // The planner looks at the value of a bare LIMIT ?, and SQLite would prepare the statement again at every read.
    rows: db.prepare(`
      SELECT seq, fork, event, data FROM events WHERE task_key = ? AND seq > ? ORDER BY seq LIMIT ? + 0`),
    submissions: db.prepare(`SELECT ${COLUMNS} FROM submissions WHERE task_id = ? ORDER BY n DESC`),
    counts: db.prepare(`
      SELECT count(*) AS expected, count(*) FILTER (WHERE stage = 'overdue') AS overdue
      FROM submissions WHERE due_at IS NOT NULL`),
    first: db.prepare(`
      SELECT due_at AS due,
      coalesce((SELECT CAST(value AS REAL) FROM meta WHERE key = 'paused until'), 0) AS pausedUntil
      FROM submissions WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1`),
    firstInPause: db.prepare(`
      SELECT min(max(due_at, min(deadline, ?1))) AS due FROM submissions WHERE due_at < ?1`),
    signingKey: db.prepare("SELECT value FROM meta WHERE key = 'signing key'"),
    list: db.prepare('SELECT id, at, step, reason, bytes FROM quarantine ORDER BY id'),
    held: db.prepare(`
      SELECT id, at, step, reason, bytes, signed_task_id AS signedTaskId, body, submission
      FROM quarantine WHERE id = ?`)
  }
}

// Not one `iterate()`: on Deno it ends without an error when a step fails.
function * rowsAfter (
  { rows }: Session, key: string, { seq, limit }: { seq: number, limit: number }
): Iterable<EventRow> {
  for (let left = limit, after = seq; left > 0; left -= CHUNK) {
    const chunk = rows.all(key, after, Math.min(left, CHUNK)) as unknown as EventRow[]
    yield * chunk
    if (chunk.length < CHUNK) return
    after = chunk.at(-1)?.seq as number
  }
}

function page (
  s: Session, taskId: string, { after, limit }: { after: string | undefined, limit: number }
): TaskEvent[] | undefined {
  const id = after === undefined ? undefined : parseEventId(after)
  const key = s.generations.find(taskId)
  if (after !== undefined && !(id && s.extents.isKept(key, id))) return undefined
  if (key === undefined) return []
  const rows = takePage(rowsAfter(s, key, { seq: id?.seq ?? 0, limit }))
  return rows.map((row) => toEvent(s.epochs.toStored(key, row)))
}

/** A pause lasts until the deadline at most: no question is needed to give up. */
function nextDue (s: Session): number | undefined {
  const first = s.first.get() as { due: number, pausedUntil: number } | undefined
  if (!first || first.due >= first.pausedUntil) return first?.due
  return (s.firstInPause.get(first.pausedUntil) as { due: number }).due
}
