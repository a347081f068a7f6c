import type { DatabaseSync } from 'node:sqlite'
import type { HeldDraft } from '../../schemas/quarantine.ts'
import { hasRoom } from './quarantine.ts'

/** A callback to hold, with when it came, in milliseconds since 1970. */
export interface HeldEntry extends HeldDraft {
  readonly at: number
}

/** The table `quarantine`, in the writer's transaction. */
export interface HeldTable {
  /** Inserts a callback; false when there is no room for it. */
  insert (held: HeldEntry): boolean
  /** false when it is not held. */
  remove (id: number): boolean
  /** Removes what came before a time, in milliseconds since 1970. */
  removeBefore (at: number): void
}

/** Prepares the statements of the table `quarantine`. */
export function sqliteHeldTable (db: DatabaseSync): HeldTable {
  const weigh = db.prepare('SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes FROM quarantine')
  const insert = db.prepare('INSERT INTO quarantine (at, step, reason, bytes, signed_task_id, body) VALUES (?, ?, ?, ?, ?, ?)')
  const remove = db.prepare('DELETE FROM quarantine WHERE id = ?')
  const removeBefore = db.prepare('DELETE FROM quarantine WHERE at <= ?')

  return {
    insert ({ at, step, reason, body, signedTaskId = null }) {
      const held = weigh.get() as { count: number, bytes: number }
      const bytes = Buffer.byteLength(body)
      if (!hasRoom(held.count + 1, held.bytes + bytes)) return false
      insert.run(at, step, reason, bytes, signedTaskId, body)
      return true
    },

    remove: (id) => remove.run(id).changes > 0,
    removeBefore: (at) => { removeBefore.run(at) }
  }
}
