import type { DatabaseSync } from 'node:sqlite'
import type { Delivery } from '../../schemas/event.ts'
import type { HeldDraft } from '../../schemas/quarantine.ts'
import { hasRoom } from './quarantine.ts'

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
  /** Removes a callback and says which delivery it is, if it is one; undefined when it is not held. */
  remove (id: number): Pick<HeldDraft, 'delivery'> | undefined
  /** Removes what came before a time, in milliseconds since 1970. */
  removeBefore (at: number): void
}

/** Prepares the statements of the table `quarantine`. */
export function sqliteHeldTable (db: DatabaseSync): HeldTable {
  const weigh = db.prepare('SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes FROM quarantine')
  const insert = db.prepare('INSERT INTO quarantine (at, step, reason, bytes, signed_task_id, body, key, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  const remove = db.prepare('DELETE FROM quarantine WHERE id = ? RETURNING key, expires_at AS expiresAt')
  const removeBefore = db.prepare('DELETE FROM quarantine WHERE at <= ?')

  return {
    insert ({ at, step, reason, body, signedTaskId = null }, own) {
      const held = weigh.get() as { count: number, bytes: number }
      const bytes = Buffer.byteLength(body)
      if (!hasRoom(held.count + 1, held.bytes + bytes)) return false
      insert.run(at, step, reason, bytes, signedTaskId, body, own?.key ?? null, own?.expiresAt ?? null)
      return true
    },

    remove (id) {
      const row = remove.get(id) as { key: string | null, expiresAt: number } | undefined
      // What another body has become under the key since is no reason to lose this one.
      return row && { delivery: row.key === null ? undefined : { key: row.key, otherBody: 'kept', expiresAt: row.expiresAt } }
    },

    removeBefore: (at) => { removeBefore.run(at) }
  }
}
