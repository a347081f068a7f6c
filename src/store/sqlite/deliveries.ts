import type { DatabaseSync } from 'node:sqlite'
import { judge, type Verdict } from '../delivery.ts'
import type { EventRow } from './database.ts'
import type { Delivery } from '../../event.ts'

/** The event that a delivery became when it came first. */
export interface FirstEvent extends EventRow {
  readonly taskId: string
}

/** What is known of a delivery before it is kept. */
export interface Judged {
  readonly verdict: Verdict
  /** Undefined when it became none, or that one was trimmed. */
  readonly first: FirstEvent | undefined
  /** true: its callback went into quarantine. */
  readonly held: boolean
}

/** The keys of deliveries, in the writer's transaction. */
export interface Deliveries {
  judge (delivery: Delivery, digest: string): Judged
  /** Remembers a delivery and forgets up to two that expired, so that the table stays in proportion to the traffic. */
  remember (delivery: Delivery, digest: string, event?: { readonly taskId: string, readonly seq: number }): void
}

type Row = { readonly digest: string, readonly held: number } & (FirstEvent | { readonly event: null })

/** Prepares the statements of the table `deliveries`. */
export function sqliteDeliveries (db: DatabaseSync): Deliveries {
  const find = db.prepare(`SELECT deliveries.digest, deliveries.seq IS NULL AS held, task_id AS taskId, seq, event, data
    FROM deliveries LEFT JOIN events USING (task_id, seq) WHERE key = ?`)
  const insert = db.prepare('INSERT OR REPLACE INTO deliveries (key, digest, task_id, seq, expires_at) VALUES (?, ?, ?, ?, ?)')
  const prune = db.prepare('DELETE FROM deliveries WHERE key IN (SELECT key FROM deliveries WHERE expires_at < ? ORDER BY expires_at LIMIT 2)')

  return {
    judge (delivery, digest) {
      const seen = find.get(delivery.key) as Row | undefined
      return { verdict: judge(seen?.digest, digest, delivery), first: seen?.event ? seen : undefined, held: seen?.held === 1 }
    },

    remember ({ key, expiresAt }, digest, event) {
      // Not the store's own clock: keys expire by the clock that signatures are checked with.
      prune.run(Date.now())
      insert.run(key, digest, event?.taskId ?? null, event?.seq ?? null, expiresAt)
    }
  }
}
