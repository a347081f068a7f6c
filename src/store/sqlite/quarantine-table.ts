import type { DatabaseSync } from 'node:sqlite'
import type { HoldSteps } from '../delivery.ts'
import { acceptOtherBody, type Delivery, type HeldDraft } from '../../event.ts'

/** Callback to quarantine. */
export interface HeldEntry extends HeldDraft {
  /** Time of arrival, in milliseconds since 1970. */
  readonly at: number
}

/** The table `quarantine`, for the writer's transaction. */
export interface HeldTable extends Pick<HoldSteps<HeldEntry, object>, 'size' | 'insert'> {
  /** Removes a callback and returns its body's digest and its delivery; undefined when the callback is not held. */
  remove (id: number): Pick<HeldDraft, 'delivery' | 'digest'> | undefined
  /** Removes the callbacks that came at or before a time, in milliseconds since 1970. */
  removeBefore (at: number): void
}

/** Prepares the statements of the table `quarantine`. */
export function sqliteHeldTable (db: DatabaseSync): HeldTable {
  const sum = db.prepare('SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes FROM quarantine')
  const insert = db.prepare(`
    INSERT INTO quarantine (at, step, reason, bytes, signed_task_id, body, digest, delivery)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
  const remove = db.prepare('DELETE FROM quarantine WHERE id = ? RETURNING digest, delivery')
  const removeBefore = db.prepare('DELETE FROM quarantine WHERE at <= ?')

  return {
    size: () => sum.get() as { count: number, bytes: number },

    insert ({ at, step, reason, body, digest, signedTaskId = null }, bytes, own) {
      const delivery = own ? JSON.stringify(acceptOtherBody(own)) : null
      insert.run(at, step, reason, bytes, signedTaskId, body, digest, delivery)
    },

    remove (id) {
      const row = remove.get(id) as { digest: string, delivery: string | null } | undefined
      if (!row) return undefined
      const delivery = row.delivery === null ? undefined : JSON.parse(row.delivery) as Delivery
      return { digest: row.digest, delivery }
    },

    removeBefore: (at) => { removeBefore.run(at) }
  }
}
