import type { DatabaseSync } from 'node:sqlite'
import type { HoldSteps } from '../delivery.ts'
import { acceptOtherBody, type Delivery, type Held, type HeldDraft } from '../../event.ts'

/** Callback to quarantine. */
export interface HeldEntry extends HeldDraft {
  /** Time of arrival, in milliseconds since 1970. */
  readonly at: number
}

/** The table `quarantine`, for the writer's transaction. */
export interface HeldTable extends Pick<HoldSteps<HeldEntry, object>, 'size' | 'ofSubmission' | 'insert'> {
  /** Returns a callback without its body; undefined when it is not held. */
  get (id: number): Pick<HeldDraft, 'delivery' | 'digest'> & Pick<Held, 'submission'> | undefined
  /** Removes a callback; returns false when it is not held. */
  remove (id: number): boolean
  /** Removes the callbacks that came at or before a time, in milliseconds since 1970. */
  removeBefore (at: number): void
}

/** Prepares the statements of the table `quarantine`. */
export function sqliteHeldTable (db: DatabaseSync): HeldTable {
  const sum = db.prepare('SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes FROM quarantine')
  const insert = db.prepare(`
    INSERT INTO quarantine (at, step, reason, bytes, signed_task_id, body, digest, delivery, submission)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const ofSubmission = db.prepare('SELECT id, digest FROM quarantine WHERE submission = ?')
  const get = db.prepare('SELECT digest, delivery, submission FROM quarantine WHERE id = ?')
  const remove = db.prepare('DELETE FROM quarantine WHERE id = ?')
  const removeBefore = db.prepare('DELETE FROM quarantine WHERE at <= ?')

  return {
    size: () => sum.get() as { count: number, bytes: number },

    ofSubmission: (submission) => ofSubmission.all(submission) as Array<{ id: number, digest: string }>,

    insert ({ at, step, reason, body, digest, signedTaskId = null, submission = null }, bytes, own) {
      const delivery = own ? JSON.stringify(acceptOtherBody(own)) : null
      insert.run(at, step, reason, bytes, signedTaskId, body, digest, delivery, submission)
    },

    get (id) {
      const row = get.get(id) as { digest: string, delivery: string | null, submission: string | null } | undefined
      return row && { ...row, delivery: row.delivery === null ? undefined : JSON.parse(row.delivery) as Delivery }
    },

    remove: (id) => remove.run(id).changes > 0,
    removeBefore: (at) => { removeBefore.run(at) }
  }
}
