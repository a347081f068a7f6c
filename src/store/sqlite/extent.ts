import type { DatabaseSync } from 'node:sqlite'
import { toEvent, type Epochs, type EventRow, type Fork } from './epochs.ts'
import { isEpochOf, isKnown, type EventId } from '../event-id.ts'
import type { Generations } from './generations.ts'
import type { Extent } from '../store.ts'
import type { Expected } from '../submissions.ts'

type Mark = Pick<EventRow, 'seq' | 'fork'>

/** Null: nothing is expected. */
export interface ExpectedRow {
  readonly step: Expected['step'] | null
  readonly submittedAt: number
  readonly isOverdue: number
}

/** Reads the ranges of events that are kept of tasks. Methods with several statements need a snapshot. */
export interface ExtentReader {
  /**
   * Returns the extent of a task that has had one fork since its first event, in one statement; undefined for any other
   * task.
   */
  short (taskId: string): Extent | undefined
  /** Returns the extent of any task, in a snapshot. */
  full (taskId: string): Extent
  /** Whether an event id of a task is known, in a snapshot. */
  isKept (key: string | undefined, id: EventId): boolean
}

const EXPECTED = `
  SELECT step, submitted_at AS submittedAt, stage = 'overdue' AS isOverdue FROM submissions
  WHERE task_id = ?1 AND due_at IS NOT NULL ORDER BY n DESC LIMIT 1`

/** Prepares the statements that read extents. */
export function extentReader (
  db: DatabaseSync, { epochs, generations }: { epochs: Epochs, generations: Generations }
): ExtentReader {
  // A statement takes and drops the file's locks.
  const shortExtent = db.prepare(`
    SELECT * FROM (
      SELECT seq, fork, event, data, (SELECT fork FROM events WHERE task_key = ?2 AND seq = 1) AS firstFork
      FROM events WHERE task_key = ?2 ORDER BY seq DESC LIMIT 1
    ) LEFT JOIN (${EXPECTED})`)
  const expected = db.prepare(EXPECTED)
  const newest = db.prepare('SELECT seq, fork, event, data FROM events WHERE task_key = ? ORDER BY seq DESC LIMIT 1')
  const oldest = db.prepare('SELECT seq, fork FROM events WHERE task_key = ? ORDER BY seq LIMIT 1')
  const mark = db.prepare('SELECT seq, fork FROM marks WHERE task_key = ?')
  const forkOf = db.prepare('SELECT fork FROM events WHERE task_key = ? AND seq = ?')

  const forkAt = (key: string, seq: number): { fork: Fork } | undefined => {
    return forkOf.get(key, seq) as { fork: Fork } | undefined
  }

  /** Finds by bisection where the fork changes between two events: it never changes back. */
  function changes (key: string, low: Mark, high: Mark): Mark[] {
    if (low.fork === high.fork) return []
    if (high.seq - low.seq === 1) return [high]
    const seq = (low.seq + high.seq) >> 1
    const middle = { seq, ...forkAt(key, seq) as { fork: Fork } }
    return [...changes(key, low, middle), ...changes(key, middle, high)]
  }

  function toEpochs (forks: readonly Mark[]): Extent['epochs'] {
    return forks.map(({ seq, fork }) => ({ from: seq, epoch: epochs.nameOf(fork) }))
  }

  /** Returns the extent of a task without events: its mark, or nothing. */
  function empty ({ seq, fork } = { seq: 0, fork: epochs.currentFork() } as Mark): Extent {
    return { first: seq + 1, last: seq, newest: undefined, epochs: toEpochs([{ seq, fork }]) }
  }

  function range (key: string | undefined): Extent {
    if (key === undefined) return empty()
    const row = newest.get(key) as EventRow | undefined
    const last = mark.get(key) as Mark | undefined
    if (!row) return empty(last)
    const first = oldest.get(key) as unknown as Mark
    const seq = first.seq - 1
    const before = last?.seq === seq ? last : { seq, fork: first.fork }
    const forks = [before, ...changes(key, before, first), ...changes(key, first, row)]
    return { first: first.seq, last: row.seq, newest: toEvent(epochs.toStored(key, row)), epochs: toEpochs(forks) }
  }

  return {
    short (taskId) {
      for (const key of generations.keys(taskId)) {
        const row = shortExtent.get(taskId, key) as EventRow & { readonly firstFork: Fork } & ExpectedRow | undefined
        if (!row) continue
        // Null also stands for a first event that is gone.
        if (row.firstFork === null || row.firstFork !== row.fork) return undefined
        const extent = { first: 1, last: row.seq, newest: toEvent(epochs.toStored(key, row)) }
        return { ...extent, epochs: toEpochs([{ seq: 0, fork: row.fork }]), ...readExpected(row) }
      }
    },

    full (taskId) {
      const row = expected.get(taskId) as unknown as ExpectedRow | undefined
      return { ...range(generations.find(taskId)), ...readExpected(row) }
    },

    isKept (key, id) {
      // Most often the event is kept. The first one has the epoch of seq 0.
      const row = key === undefined ? undefined : forkAt(key, Math.max(id.seq, 1))
      return row ? isEpochOf(id, epochs.nameOf(row.fork)) : isKnown(range(key), id)
    }
  }
}

/** Reads the columns of a submission whose outcome is expected. */
export function readExpected (row: ExpectedRow | undefined): Pick<Extent, 'expected'> {
  if (!row || row.step === null) return {}
  const { step, submittedAt, isOverdue } = row
  return { expected: { step, submittedAt, isOverdue: isOverdue === 1 } }
}
