import { RelayError } from '../../errors.ts'
import { createClock } from '../clock.ts'
import { groupCommit } from '../group-commit.ts'
import { bytesOnDisk } from './database.ts'
import { taskIdOf } from './generations.ts'
import { toEntry, type Entry } from './entry.ts'
import { requireAccepted, sqliteQuarantine, toAppended } from './quarantine.ts'
import { sqliteReader, type SqliteReader } from './reader.ts'
import { sqliteSubmissions } from './submissions.ts'
import type { StaleStep } from './trim.ts'
import { writerThread, type WriterThread } from './writer-thread.ts'
import type { Outcome, Rejection } from './writer.ts'
import { MARK_LIVES, type Appended, type EventStore, type StoreOptions } from '../store.ts'

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
  const reader = sqliteReader(path)
  const thread = recovering(writerThread(path), reader)
  const latest = await open(thread)
  const clock = now ?? createClock(latest)
  const commit = groupCommit<Entry, Outcome | Rejection>((group) => {
    committed?.(group.length)
    return thread.call('append', group, dedupeWindowMs)
  })
  let checking: Promise<void> | undefined
  let closing: Promise<void> | undefined

  function requireOpen (): void {
    if (closing) throw new RelayError('STORE_UNAVAILABLE', `Cannot use the store ${path}: it is closed`)
  }

  return {
    /** @throws {RelayError} `STORE_UNAVAILABLE` as the methods */
    get epoch () {
      requireOpen()
      return reader.epoch()
    },

    quarantine: sqliteQuarantine({ thread, reader, dedupeWindowMs, requireOpen, clock }),
    submissions: sqliteSubmissions({ thread, reader, requireOpen, clock }),

    async append (taskId, draft): Promise<Appended> {
      requireOpen()
      const entry = toEntry(taskId, draft, clock())
      const outcome = await commit(entry)
      requireAccepted(outcome)
      return toAppended(entry, outcome)
    },

    async read (taskId, after, limit) {
      requireOpen()
      return reader.page(taskId, after, limit)
    },

    async extent (taskId) {
      requireOpen()
      return reader.extent(taskId)
    },

    async tasks (options) {
      requireOpen()
      return reader.tasks(options)
    },

    async trim (ageMs, watched) {
      requireOpen()
      return trim({ thread, now: clock(), ageMs, watched })
    },

    async erase (taskId, held) {
      requireOpen()
      return thread.call('erase', taskId, held, clock())
    },

    async moved (newest) {
      requireOpen()
      // Its own appends are news on the bus, and most often nobody else writes to the file.
      return await thread.call('changedElsewhere') ? thread.call('moved', newest) : new Map()
    },

    async check () {
      requireOpen()
      // Anyone may ask, and appends wait for it: concurrent callers share one write.
      checking ??= thread.call('check').finally(() => { checking = undefined })
      await checking
    },

    async bytes () {
      requireOpen()
      return bytesOnDisk(path)
    },

    async close () {
      // The last connection to close copies the log into the file. The reader could not.
      closing ??= commit.idle().then(() => { reader.close() }).then(() => thread.close())
      await closing
    }
  }
}

/** Returns a thread after whose loss of its log the reader opens the file again, too. */
function recovering (thread: WriterThread, reader: SqliteReader): WriterThread {
  async function recover (): Promise<void> {
    if (!await thread.call('isStranded')) return
    reader.close()
    await thread.call('recover')
  }

  let recovery: Promise<void> | undefined

  return {
    ...thread,
    async call (...args) {
      // Without a wait otherwise, so that calls keep their order.
      if (recovery) await recovery
      try {
        return await thread.call(...args)
      } catch (error) {
        recovery ??= recover().catch(() => {}).finally(() => { recovery = undefined })
        await recovery
        throw error
      }
    }
  }
}

/** Opens the file. Resolves with the latest time in it. */
async function open (thread: WriterThread): Promise<number> {
  try {
    return await thread.call('latest')
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
    const { next, keys }: StaleStep = await thread.call('stale', before, after, TRIM_STEP)
    const unwatched = keys.filter((key) => !watched(taskIdOf(key)))
    if (unwatched.length > 0) forgotten += await thread.call('forget', unwatched, before)
    after = next
  }
  await thread.call('forgetHeld', before)
  for (let next: number | undefined = 0; next !== undefined;) {
    next = await thread.call('forgetSubmissions', now, next, TRIM_STEP)
  }
  while (await thread.call('forgetMarks', now - ageMs * MARK_LIVES, TRIM_STEP));
  return forgotten
}
