import { statSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isRepeat } from '../delivery.ts'
import { sqliteDeliveries, type FirstEvent, type Judged } from './deliveries.ts'
import { dataVersion, guard, openForWriting, requireSameFile, transaction } from './database.ts'
import { sqliteHeldTable, type HeldEntry } from './quarantine-table.ts'
import { sqliteTrimmer, type StaleStep } from './trim.ts'
import type { EventDraft } from '../../event.ts'

/** One draft of a group. */
export interface Entry extends EventDraft {
  readonly taskId: string
  /** When it came, in milliseconds since 1970. */
  readonly at: number
}

/** What became of a draft that was not refused: its seq, and for a repeat the event that it repeats. */
export interface Outcome {
  readonly seq: number
  readonly repeats?: FirstEvent
}

/** The writing side of the SQLite store: synchronous, at home in a thread of its own. */
export interface SqliteWriter {
  /** Keeps a group of drafts in one durable commit. */
  append (group: readonly Entry[], dedupeWindowMs: number): Array<Outcome | 'refused'>
  /** Holds a callback in quarantine, unless its delivery became an event before, or there is no room. */
  hold (held: HeldEntry): FirstEvent | 'held' | 'full' | 'refused'
  /** Appends what a held callback is and removes it; undefined when it is not held. */
  release (id: number, entry: Entry, dedupeWindowMs: number): Outcome | undefined
  /** Removes a held callback; false when it is not held. */
  drop (id: number): boolean
  /** Removes the callbacks that are held since `before` or longer. */
  forgetHeld (before: number): void
  /** Looks for tasks whose newest event is older than `before` in the next `limit` rows after row `after`. */
  stale (before: number, after: number, limit: number): StaleStep
  /** Forgets those of the tasks whose newest event is older than `before`; says how many. */
  forget (taskIds: readonly string[], before: number): number
  /** Forgets the high-water marks older than `before`, at most `limit`; says whether it found as many. */
  forgetMarks (before: number, limit: number): boolean
  /** Whether another connection has written since the last call. */
  changedElsewhere (): boolean
  /** Makes a durable write that changes nothing. */
  check (): void
  /** The life of this history, and the latest time written in it. */
  origin (): { epoch: string, latest: number }
  close (): void
}

/**
 * Opens the writing side of a SQLite store. After a failure the file is opened anew, so that it recovers by itself.
 *
 * @throws {RelayError} `STORE_UNAVAILABLE`, naming the path, from here and from every method
 */
export function sqliteWriter (path: string): SqliteWriter {
  let session: Session | undefined = open(path)
  const { epoch, inode } = session
  let version = dataVersion(session.db)

  /** One transaction on an open database. A database that failed is closed: the next transaction opens it again. */
  function write<T> (work: (session: Session) => T): T {
    return guard(path, () => {
      session ??= reopen(path, epoch, inode)
      const { db } = session
      try {
        requireSameFile(path, inode)
        return transaction(db, () => work(session as Session))
      } catch (error) {
        session = undefined
        // The next connection counts anew, and what was written between the two is in neither count.
        version = NaN
        db.close()
        throw error
      }
    })
  }

  return {
    append: (group, dedupeWindowMs) => write((s) => group.map((entry) => keepOne(s, entry, dedupeWindowMs))),
    hold: (held) => write((s) => holdOne(s, held)),
    release: (id, entry, dedupeWindowMs) => write((s) => releaseOne(s, id, entry, dedupeWindowMs)),
    drop: (id) => write((s) => s.held.remove(id) !== undefined),
    forgetHeld: (before) => write((s) => { s.held.removeBefore(before) }),
    stale: (before, after, limit) => write((s) => s.trimmer.stale(before, after, limit)),
    forget: (taskIds, before) => write((s) => taskIds.filter((taskId) => s.trimmer.forget(taskId, before)).length),
    forgetMarks: (before, limit) => write((s) => s.trimmer.forgetMarks(before, limit)),
    changedElsewhere: () => write((s) => {
      const before = version
      version = dataVersion(s.db)
      return version !== before
    }),
    check: () => write((s) => { s.check.run(String(Date.now())) }),
    origin: () => write((s) => ({ epoch, latest: (s.latest.get() as { at: number } | undefined)?.at ?? 0 })),
    close () {
      session?.db.close()
      session = undefined
    }
  }
}

const NEW: Judged = { verdict: 'first', first: undefined, held: false }

/** Opens the file again after a failure: no copy of it, which who reads would not see, and no other history, whose numbers would mix with ours. */
function reopen (path: string, epoch: string, inode: number): Session {
  requireSameFile(path, inode)
  const session = open(path)
  if (session.epoch === epoch) return session
  session.db.close()
  throw new Error('its history was replaced while it was in use, expected a restart')
}

type Session = ReturnType<typeof open>

function open (path: string) {
  const db: DatabaseSync = openForWriting(path)
  const prepare = (sql: string): StatementSync => db.prepare(sql)
  const { epoch } = prepare("SELECT value AS epoch FROM meta WHERE key = 'epoch'").get() as { epoch: string }
  return {
    db,
    deliveries: sqliteDeliveries(db),
    held: sqliteHeldTable(db),
    trimmer: sqliteTrimmer(db),
    epoch,
    inode: statSync(path).ino,
    newest: prepare('SELECT seq, at, digest FROM events WHERE task_id = ? ORDER BY seq DESC LIMIT 1'),
    event: prepare('SELECT task_id AS taskId, seq, event, data FROM events WHERE task_id = ? AND seq = ?'),
    mark: prepare('SELECT seq FROM marks WHERE task_id = ?'),
    insert: prepare('INSERT INTO events (task_id, seq, at, event, data, digest) VALUES (?, ?, ?, ?, ?, ?)'),
    check: prepare("INSERT OR REPLACE INTO meta VALUES ('checked', ?)"),
    latest: prepare('SELECT at FROM events ORDER BY n DESC LIMIT 1')
  }
}

function appendOne (s: Session, { taskId, at, event, data, digest }: Entry, dedupeWindowMs: number): Outcome {
  const newest = s.newest.get(taskId) as { seq: number, at: number, digest: string } | undefined
  if (newest && isRepeat(newest, digest, at, dedupeWindowMs)) {
    return { seq: newest.seq, repeats: s.event.get(taskId, newest.seq) as unknown as FirstEvent }
  }
  const last = newest?.seq ?? (s.mark.get(taskId) as { seq: number } | undefined)?.seq ?? 0
  s.insert.run(taskId, last + 1, at, event, data, digest)
  return { seq: last + 1 }
}

/**
 * Appends a draft, unless its delivery came before.
 *
 * @param digest - of the body that was delivered
 */
function keepOne (s: Session, entry: Entry, dedupeWindowMs: number, digest = entry.digest): Outcome | 'refused' {
  const { delivery } = entry
  if (!delivery) return appendOne(s, entry, dedupeWindowMs)
  const { verdict, first } = s.deliveries.judge(delivery, digest)
  if (verdict === 'refused') return verdict
  if (verdict === 'repeat' && first) return { seq: first.seq, repeats: first }
  const outcome = appendOne(s, entry, dedupeWindowMs)
  // The key stays with the body that it came with first.
  if (verdict !== 'kept') s.deliveries.remember(delivery, digest, { taskId: entry.taskId, seq: outcome.seq })
  return outcome
}

function holdOne (s: Session, entry: HeldEntry): FirstEvent | 'held' | 'full' | 'refused' {
  const { delivery, digest } = entry
  const { verdict, first, held } = delivery ? s.deliveries.judge(delivery, digest) : NEW
  if (verdict === 'refused') return verdict
  if (verdict === 'repeat' && first) return first
  if (verdict === 'repeat' && held) return 'held'
  const own = verdict === 'kept' ? undefined : delivery
  if (!s.held.insert(entry, own)) return 'full'
  if (own) s.deliveries.remember(own, digest)
  return 'held'
}

function releaseOne (s: Session, id: number, entry: Entry, dedupeWindowMs: number): Outcome | undefined {
  const held = s.held.remove(id)
  return held && keepOne(s, { ...entry, delivery: held.delivery }, dedupeWindowMs, held.digest) as Outcome
}
