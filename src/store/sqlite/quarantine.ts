import { deliveryRejected, quarantineFull } from '../delivery.ts'
import { submissionRejected } from '../submission-rule.ts'
import { toEntry, type Entry } from './entry.ts'
import type { SqliteReader } from './reader.ts'
import type { WriterThread } from './writer-thread.ts'
import type { Outcome, Rejection } from './writer.ts'
import type { Appended, Quarantine } from '../store.ts'

/** Parts that a quarantine shares with its store. */
export interface StoreParts {
  readonly thread: WriterThread
  readonly reader: SqliteReader
  readonly dedupeWindowMs: number
  /** @throws {RelayError} `STORE_UNAVAILABLE` when the store is closed */
  readonly requireOpen: () => void
  readonly clock: () => number
}

/** Creates the quarantine of a SQLite store, in the same file. */
export function sqliteQuarantine (parts: StoreParts): Quarantine {
  const { thread, reader, dedupeWindowMs, requireOpen, clock } = parts
  return {
    async hold (held) {
      requireOpen()
      const outcome = await thread.call('hold', { ...held, at: clock() })
      if (outcome === 'full') throw quarantineFull()
      requireAccepted(outcome)
      return outcome === 'held' ? undefined : outcome
    },

    async list () {
      requireOpen()
      return reader.list()
    },

    async get (id) {
      requireOpen()
      return reader.held(id)
    },

    async release (id, taskId, draft) {
      requireOpen()
      const entry = toEntry(taskId, draft, clock())
      const outcome = await thread.call('release', id, entry, dedupeWindowMs)
      requireAccepted(outcome)
      return outcome && toAppended(entry, outcome)
    },

    async drop (id) {
      requireOpen()
      return thread.call('drop', id)
    }
  }
}

/** @throws {RelayError} `CALLBACK_UNAUTHENTIC` when the writer rejected a callback */
export function requireAccepted<T> (outcome: T | Rejection): asserts outcome is Exclude<T, Rejection> {
  if (outcome === 'reject') throw deliveryRejected()
  if (outcome === 'foreign') throw submissionRejected()
}

/** Turns the writer's outcome into the result of an append. */
export function toAppended ({ taskId, event, data }: Entry, outcome: Outcome): Appended {
  const { seq, id, repeats, ...settled } = outcome
  return { event: repeats ?? { taskId, seq, id, event, data }, duplicate: repeats !== undefined, ...settled }
}
