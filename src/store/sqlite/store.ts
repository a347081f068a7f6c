import { RelayError } from '../../errors.ts'
import { createClock } from '../clock.ts'
import { deliveryRejected } from '../delivery.ts'
import { groupCommit } from '../group-commit.ts'
import { submissionRejected } from '../submission-rule.ts'
import { DAY_MS } from '../submissions.ts'
import type { StoredEvent } from './deliveries.ts'
import { sqliteQuarantine, toAppended } from './quarantine.ts'
import { sqliteReader } from './reader.ts'
import { sqliteSubmissions } from './submissions.ts'
import type { StaleStep } from './trim.ts'
import { writerThread, type WriterThread } from './writer-thread.ts'
import type { Entry, Outcome } from './writer.ts'
import { MARK_LIVES, type Appended, type EventStore, type StoreOptions } from '../store.ts'
import type { TaskEvent } from '../../event.ts'

const TRIM_STEP = 200

/**
 * Opens a store in one SQLite file. A thread of its own writes it in durable group commits; reads run on this thread.
 *
 * The file is in WAL mode with `synchronous=FULL`: an acknowledged event survives a power cut.
 *
 * @param path - database file; created if missing, with its directory but not the parent of that
 * @throws {RelayError} `STORE_UNAVAILABLE`, naming the path, when the file cannot be opened, is another database, or a
 *   newer version made it
 * @see https://www.sqlite.org/wal.html
 */
export async function sqliteStore (
  path: string, { dedupeWindowMs = 120_000, now, committed }: StoreOptions = {}
): Promise<EventStore> {
  const thread = writerThread(path)
  const { epoch, latest } = await origin(thread)
  const clock = now ?? createClock(latest)
  const reader = sqliteReader(path)
  const commit = groupCommit<Entry, Outcome | 'reject' | 'foreign'>((group) => {
    committed?.(group.length)
    return thread.call('append', group, dedupeWindowMs)
  })
  let checking: Promise<void> | undefined
  let closing: Promise<void> | undefined

  function requireOpen (): void {
    if (closing) throw new RelayError('STORE_UNAVAILABLE', `Cannot use the store ${path}: it is closed`)
  }

  function toEvent ({ taskId, seq, event, data }: StoredEvent): TaskEvent {
    return { taskId, seq, id: `${epoch}.${seq}`, event, data }
  }

  return {
    epoch,
    quarantine: sqliteQuarantine({ thread, reader, dedupeWindowMs, requireOpen, clock, toEvent }),
    submissions: sqliteSubmissions({ thread, reader, requireOpen, clock, toEvent, idOf: (_taskId, seq) => `${epoch}.${seq}` }),

    async append (taskId, draft): Promise<Appended> {
      requireOpen()
      const entry = { ...draft, taskId, at: clock() }
      const outcome = await commit(entry)
      if (outcome === 'reject') throw deliveryRejected()
      if (outcome === 'foreign') throw submissionRejected()
      return toAppended(entry, outcome, toEvent)
    },

    async read (taskId, after, limit) {
      requireOpen()
      return reader.rows(taskId, after, limit).map((row) => toEvent({ taskId, ...row }))
    },

    async extent (taskId) {
      requireOpen()
      const { newest, ...extent } = reader.extent(taskId)
      return { ...extent, newest: newest && toEvent({ taskId, ...newest }) }
    },

    async trim (ageMs, watched) {
      requireOpen()
      return trim({ thread, now: clock(), ageMs, watched })
    },

    async changedElsewhere () {
      requireOpen()
      return thread.call('changedElsewhere')
    },

    async check () {
      requireOpen()
      // Anyone may ask, and appends wait for it: concurrent callers share one write.
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

/** Trims in steps, each a short transaction, so that appends run between them. */
async function trim (
  { thread, now, ageMs, watched }:
  { thread: WriterThread, now: number, ageMs: number, watched: (taskId: string) => boolean }
): Promise<number> {
  const before = now - ageMs
  let forgotten = 0
  let after: number | undefined = 0
  while (after !== undefined) {
    const { next, taskIds }: StaleStep = await thread.call('stale', before, after, TRIM_STEP)
    const unwatched = taskIds.filter((taskId) => !watched(taskId))
    if (unwatched.length > 0) forgotten += await thread.call('forget', unwatched, before)
    after = next
  }
  await thread.call('forgetHeld', before)
  for (let next: number | undefined = 0; next !== undefined;) {
    next = await thread.call('forgetSubmissions', now - DAY_MS, next, TRIM_STEP)
  }
  while (await thread.call('forgetMarks', now - ageMs * MARK_LIVES, TRIM_STEP));
  return forgotten
}
