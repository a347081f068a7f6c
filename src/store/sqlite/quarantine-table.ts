import type { DatabaseSync } from 'node:sqlite'
import { acceptOtherBody, type Delivery, type HeldDraft } from '../../event.ts'
import { hasRoom } from '../quarantine-limit.ts'

/** A callback to hold, with when it came, in milliseconds since 1970. */
export interface HeldEntry extends HeldDraft {
  readonly at: number
}

/** The table `quarantine`, in the writer's transaction. */
export interface HeldTable {
  /**
   * Inserts a callback; false when there is no room for it.
   *
   * @param own - the delivery that it is, if its sender marks them and the key is its own
   */
  insert (held: HeldEntry, own: Delivery | undefined): boolean
  /** Removes a callback and says which delivery it is, if it is one, and of which body; undefined when it is not held. */
  remove (id: number): Pick<HeldDraft, 'delivery' | 'digest'> | undefined
  /** Removes what came before a time, in milliseconds since 1970. */
  removeBefore (at: number): void
}

/** Prepares the statements of the table `quarantine`. */
export function sqliteHeldTable (db: DatabaseSync): HeldTable {
  const weigh = db.prepare('SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes FROM quarantine')
  const insert = db.prepare('INSERT INTO quarantine (at, step, reason, bytes, signed_task_id, body, digest, delivery) VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  const remove = db.prepare('DELETE FROM quarantine WHERE id = ? RETURNING digest, delivery')
  const removeBefore = db.prepare('DELETE FROM quarantine WHERE at <= ?')

  return {
    insert ({ at, step, reason, body, digest, signedTaskId = null }, own) {
      const held = weigh.get() as { count: number, bytes: number }
      const bytes = Buffer.byteLength(body)
      if (!hasRoom(held.count + 1, held.bytes + bytes)) return false
      insert.run(at, step, reason, bytes, signedTaskId, body, digest, own ? JSON.stringify(acceptOtherBody(own)) : null)
      return true
    },

    remove (id) {
      const row = remove.get(id) as { digest: string, delivery: string | null } | undefined
      return row && { digest: row.digest, delivery: row.delivery === null ? undefined : JSON.parse(row.delivery) as Delivery }
    },

    removeBefore: (at) => { removeBefore.run(at) }
  }
}
