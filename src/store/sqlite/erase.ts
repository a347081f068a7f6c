import { renewFork } from './epochs.ts'
import { ERASED_EVENT } from '../erased.ts'
import type { Session } from './session.ts'
import type { Erased } from '../store.ts'

/** Task to erase. */
export interface Erasure {
  readonly taskId: string
  /** Ids of the callbacks in quarantine that are about the task. */
  readonly held: readonly number[]
  /** Time, in milliseconds since 1970. */
  readonly at: number
}

/** Erases a task and overwrites its data in the file, in the writer's transaction. */
export function eraseTask (s: Session, { taskId, held, at }: Erasure): Erased {
  // A setting of this connection: deleted content becomes zeros. Trims do not need it.
  s.db.exec('PRAGMA secure_delete = ON')
  try {
    const seq = s.log.last(taskId)
    // Without events and callbacks it gets no mark, and no key.
    const key = s.generations.find(taskId) ?? (held.length > 0 ? s.generations.fresh(taskId) : '')
    renewFork(s.db)
    const fork = s.epochs.currentFork()
    const callbacks = held.filter((id) => eraseHeld(s, id, { key, fork })).length
    const events = Number(s.db.prepare('DELETE FROM events WHERE task_key = ?').run(key).changes)
    s.calls.erase(taskId)
    if (seq > 0 || callbacks > 0) {
      s.db.prepare('INSERT OR REPLACE INTO marks (task_key, seq, fork, at, erased) VALUES (?, ?, ?, ?, ?)')
        .run(key, seq, fork, at, seq)
    }
    return { events, callbacks }
  } finally {
    s.db.exec('PRAGMA secure_delete = OFF')
  }
}

/** Erases a held callback; its delivery counts as one of the task. */
function eraseHeld (
  { held, deliveries, epochs }: Session, id: number, task: { key: string, fork: number }
): boolean {
  const one = held.get(id)
  const event = epochs.toStored(task.key, { seq: 0, fork: task.fork, ...ERASED_EVENT })
  if (one?.delivery) deliveries.remember(one.delivery, one.digest, event)
  return held.remove(id)
}
