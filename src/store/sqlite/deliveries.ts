import type { DatabaseSync } from 'node:sqlite'
import type { DeliveryTable } from '../delivery.ts'
import type { EventRow } from './database.ts'

/** Row of the table `events` with the task that it belongs to. */
export interface StoredEvent extends EventRow {
  readonly taskId: string
}

type Row = { readonly digest: string, readonly isHeld: number } & (StoredEvent | { readonly event: null })

/**
 * Prepares the statements of the table `deliveries`, for the writer's transaction.
 *
 * `remember()` also removes up to two expired keys, so that the table stays in proportion to the traffic.
 */
export function sqliteDeliveries (db: DatabaseSync): DeliveryTable<StoredEvent> {
  const find = db.prepare(`
    SELECT deliveries.digest, deliveries.seq IS NULL AS isHeld, task_id AS taskId, seq, event, data
    FROM deliveries LEFT JOIN events USING (task_id, seq) WHERE key = ?`)
  const insert = db.prepare(`
    INSERT OR REPLACE INTO deliveries (key, digest, task_id, seq, expires_at) VALUES (?, ?, ?, ?, ?)`)
  const prune = db.prepare(`
    DELETE FROM deliveries WHERE key IN (SELECT key FROM deliveries WHERE expires_at < ? ORDER BY expires_at LIMIT 2)`)

  return {
    lookup (key) {
      const row = find.get(key) as Row | undefined
      return row && { digest: row.digest, event: row.event === null ? undefined : row, isHeld: row.isHeld === 1 }
    },

    remember ({ key, expiresAt }, digest, event) {
      // Not the store's own clock: keys expire by the clock that signatures are checked with.
      prune.run(Date.now())
      insert.run(key, digest, event?.taskId ?? null, event?.seq ?? null, expiresAt)
    }
  }
}
