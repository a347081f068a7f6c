import { deliveryRefused } from '../delivery.ts'
import type { FirstEvent } from './deliveries.ts'
import type { SqliteReader } from './reader.ts'
import type { WriterThread } from './writer-thread.ts'
import type { Entry, Outcome } from './writer.ts'
import type { EventDraft, TaskEvent } from '../../event.ts'
import { quarantineFull } from '../quarantine-limit.ts'
import type { Appended, Quarantine } from '../store.ts'

/** What a quarantine shares with the store that it belongs to. */
export interface StoreParts {
  readonly thread: WriterThread
  readonly reader: SqliteReader
  readonly dedupeWindowMs: number
  /** @throws {RelayError} `STORE_UNAVAILABLE` when the store is closed */
  readonly open: () => void
  readonly clock: () => number
  readonly toEvent: (row: FirstEvent) => TaskEvent
}

/** The quarantine of a SQLite store, in the same file. */
export function sqliteQuarantine ({ thread, reader, dedupeWindowMs, open, clock, toEvent }: StoreParts): Quarantine {
  return {
    async hold (held) {
      open()
      const outcome = await thread.call('hold', { ...held, at: clock() })
      if (outcome === 'full') throw quarantineFull()
      if (outcome === 'refused') throw deliveryRefused()
      return outcome === 'held' ? undefined : toEvent(outcome)
    },

    async list () {
      open()
      return reader.list()
    },

    async get (id) {
      open()
      return reader.held(id)
    },

    async release (id, taskId, draft) {
      open()
      const entry = { ...draft, taskId, at: clock() }
      const outcome = await thread.call('release', id, entry, dedupeWindowMs)
      return outcome && toAppended(entry, outcome, toEvent)
    },

    async drop (id) {
      open()
      return thread.call('drop', id)
    }
  }
}

/** What the writer's outcome means to who appended. */
export function toAppended ({ taskId, event, data }: Pick<Entry, 'taskId'> & EventDraft, { seq, repeats }: Outcome, toEvent: StoreParts['toEvent']): Appended {
  return { event: toEvent(repeats ?? { taskId, seq, event, data }), duplicate: repeats !== undefined }
}
