import type { DatabaseSync } from 'node:sqlite'
import { createClock } from '../clock.ts'
import type { DeliveryTable } from '../delivery.ts'
import type { Epochs, EventRow, Fork, StoredEvent } from './epochs.ts'
import { taskIdOf, type Generations } from './generations.ts'
import { ERASED_EVENT } from '../erased.ts'

interface Known {
  readonly digest: string
  readonly isHeld: number
  /** Null for a callback in quarantine. */
  readonly taskKey: string | null
  readonly seq: number
  readonly fork: Fork
}

/** Null: the event is not kept. */
type Row = Known & (Pick<EventRow, 'event' | 'data'> | { readonly event: null })

/**
 * Prepares the statements of the table `deliveries`, for the writer's transaction.
 *
 * `remember()` also removes up to two expired keys, so that the table stays in proportion to the traffic.
 */
export function sqliteDeliveries (
  db: DatabaseSync, { epochs: { toStored }, generations }: { epochs: Epochs, generations: Generations }
): DeliveryTable<StoredEvent> {
  const clock = createClock()
  const find = db.prepare(`
    SELECT deliveries.digest, deliveries.seq IS NULL AS isHeld, deliveries.task_key AS taskKey, deliveries.seq,
      deliveries.fork, event, data
    FROM deliveries LEFT JOIN events ON events.task_key = deliveries.task_key AND events.seq = deliveries.seq
      AND events.fork IS deliveries.fork
    WHERE key = ?`)
  const erased = db.prepare('SELECT 1 FROM marks WHERE task_key = ? AND erased >= ?')
  const insert = db.prepare(`
    INSERT OR REPLACE INTO deliveries (key, digest, task_key, seq, fork, expires_at, rejects)
    VALUES (?, ?, ?, ?, ?, ?, ?)`)
  const prune = db.prepare(`
    DELETE FROM deliveries WHERE key IN (SELECT key FROM deliveries WHERE expires_at < ? ORDER BY expires_at LIMIT 2)
    RETURNING CASE WHEN rejects THEN expires_at ELSE 0 END AS expiresAt`)
  const forgotten = db.prepare("SELECT CAST(value AS REAL) AS until FROM meta WHERE key = 'forgotten'")
  const forget = db.prepare("INSERT OR REPLACE INTO meta VALUES ('forgotten', ?)")

  function forgottenUntil (): number {
    return (forgotten.get() as { until: number } | undefined)?.until ?? 0
  }

  /** Whether an event was erased. The task may have begun again in another generation before. */
  function wasErased (taskKey: string, seq: number): boolean {
    const key = generations.find(taskIdOf(taskKey))
    return key !== undefined && erased.get(key, seq) !== undefined
  }

  function eventOf (row: Row): StoredEvent | undefined {
    if (row.taskKey === null) return undefined
    if (row.event !== null) return toStored(row.taskKey, row)
    return wasErased(row.taskKey, row.seq) ? toStored(row.taskKey, { ...row, ...ERASED_EVENT }) : undefined
  }

  return {
    forgottenUntil,

    lookup (key) {
      const row = find.get(key) as Row | undefined
      return row && { digest: row.digest, event: eventOf(row), isHeld: row.isHeld === 1 }
    },

    remember ({ key, onConflict, expiresAt }, digest, event) {
      // By both clocks: the wall clock may jump, and the other one may have started at a wrong time.
      const expired = prune.all(Math.min(Date.now(), clock())) as Array<{ expiresAt: number }>
      const until = Math.max(0, ...expired.map(({ expiresAt }) => expiresAt))
      if (until > forgottenUntil()) forget.run(String(until))
      const { key: taskKey = null, seq = null, fork = null } = event ?? {}
      insert.run(key, digest, taskKey, seq, fork, expiresAt, onConflict === 'reject' ? 1 : 0)
    }
  }
}
