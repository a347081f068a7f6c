import { RelayError } from '../../errors.ts'
import { createClock } from '../clock.ts'
import { deliveryRefused } from '../delivery.ts'
import { groupCommit } from '../group-commit.ts'
import type { FirstEvent } from './deliveries.ts'
import { sqliteQuarantine, toAppended } from './quarantine.ts'
import { sqliteReader } from './reader.ts'
import { writerThread, type WriterThread } from './writer-thread.ts'
import type { Entry, Outcome } from './writer.ts'
import { MARK_LIVES, type Appended, type EventStore, type StoreOptions } from '../store.ts'
import type { TaskEvent } from '../../event.ts'

const TRIM_STEP = 200

/**
 * A store in one SQLite file: written by a thread of its own in durable group commits, read here.
 *
 * The file is in WAL mode with `synchronous=FULL`: an event that was acknowledged survives a power cut.
 *
 * @param path - the database file; it is made when it is not there, with its directory but not the one above
 * @throws {RelayError} `STORE_UNAVAILABLE`, naming the path, when the file cannot be opened, is no database of ours, or
 *   was made by a newer version
 * @see https://www.sqlite.org/wal.html
 */
export async function sqliteStore (path: string, { dedupeWindowMs = 120_000, now, committed }: StoreOptions = {}): Promise<EventStore> {
  const thread = writerThread(path)
  const { epoch, latest } = await origin(thread)
  const clock = now ?? createClock(latest)
  const reader = sqliteReader(path)
  const commit = groupCommit<Entry, Outcome | 'refused'>((group) => {
    committed?.(group.length)
    return thread.call('append', group, dedupeWindowMs)
  })
  let checking: Promise<void> | undefined
  let closing: Promise<void> | undefined

  function open (): void {
    if (closing) throw new RelayError('STORE_UNAVAILABLE', `Cannot use the store ${path}: it is closed`)
  }

  function toEvent ({ taskId, seq, event, data }: FirstEvent): TaskEvent {
    return { taskId, seq, id: `${epoch}.${seq}`, event, data }
  }

  return {
    epoch,
    quarantine: sqliteQuarantine({ thread, reader, dedupeWindowMs, open, clock, toEvent }),

    async append (taskId, draft): Promise<Appended> {
      open()
      const entry = { ...draft, taskId, at: clock() }
      const outcome = await commit(entry)
      if (outcome === 'refused') throw deliveryRefused()
      return toAppended(entry, outcome, toEvent)
    },

    async read (taskId, after, limit) {
      open()
      return reader.rows(taskId, after, limit).map((row) => toEvent({ taskId, ...row }))
    },

    async extent (taskId) {
      open()
      const { first, last, newest } = reader.extent(taskId)
      return { first, last, newest: newest && toEvent({ taskId, ...newest }) }
    },

    async trim (ageMs, watched) {
      open()
      return trim(thread, clock(), ageMs, watched)
    },

    async changedElsewhere () {
      open()
      return thread.call('changedElsewhere')
    },

    async check () {
      open()
      // Anyone may ask, and appends wait behind it: however many ask at a time, it is one write.
      checking ??= thread.call('check').finally(() => { checking = undefined })
      await checking
    },

    async close () {
      closing ??= commit.idle().then(() => thread.close()).then(() => { reader.close() })
      await closing
    }
  }
}

async function origin (thread: WriterThread): Promise<{ epoch: string, latest: number }> {
  try {
    return await thread.call('origin')
  } catch (error) {
    await thread.close()
    throw error
  }
}

/** Each step is a short transaction of its own, so that appends pass between them. */
async function trim (thread: WriterThread, now: number, ageMs: number, watched: (taskId: string) => boolean): Promise<number> {
  let forgotten = 0
  let after: number | undefined = 0
  while (after !== undefined) {
    const { next, taskIds } = await thread.call('stale', now - ageMs, after, TRIM_STEP) as { next: number | undefined, taskIds: string[] }
    const unwatched = taskIds.filter((taskId) => !watched(taskId))
    if (unwatched.length > 0) forgotten += await thread.call('forget', unwatched, now - ageMs)
    after = next
  }
  await thread.call('forgetHeld', now - ageMs)
  while (await thread.call('forgetMarks', now - ageMs * MARK_LIVES, TRIM_STEP));
  return forgotten
}
