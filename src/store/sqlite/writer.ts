import type { Settled } from '../appended.ts'
import { appendOnce, holdOnce } from '../delivery.ts'
import { dataVersion, guard, requireSameFiles, transaction } from './database.ts'
import { toDraft, toEntry, type Entry } from './entry.ts'
import { toEvent } from './epochs.ts'
import { noGenerations, taskIdOf } from './generations.ts'
import { eraseTask } from './erase.ts'
import type { Kept } from './event-log.ts'
import type { HeldEntry } from './quarantine-table.ts'
import { readVersion } from './schema.ts'
import { openSession, reopenSession, rescue, type Session } from './session.ts'
import { submissionMethods, type SubmissionMethods } from './submission-methods.ts'
import type { Trimmer } from './trim.ts'
import type { TaskEvent } from '../../event.ts'
import type { Erased } from '../store.ts'

/** Outcome of a draft that was not rejected. */
export interface Outcome {
  readonly seq: number
  readonly id: string
  /** The event that the draft repeats; undefined when it was appended. */
  readonly repeats?: TaskEvent
  readonly settled?: Settled
}

/** Reason why nothing was written: the delivery's key has another body, or the token is of another task or step. */
export type Rejection = 'reject' | 'foreign'

/** Writing side of the SQLite store: synchronous, for a thread of its own. */
export interface SqliteWriter extends Pick<Trimmer, 'stale' | 'forgetMarks'>, SubmissionMethods {
  /** Appends a group of drafts in one durable commit. */
  append (group: readonly Entry[], dedupeWindowMs: number): Array<Outcome | Rejection>
  /** Quarantines a callback. Returns the event that its delivery became before, or how the call ended. */
  hold (held: HeldEntry): TaskEvent | 'held' | 'full' | Rejection
  /** Appends the event of a held callback and removes the callback; undefined when it is not held. */
  release (id: number, entry: Entry, dedupeWindowMs: number): Outcome | Rejection | undefined
  /** Removes a held callback; false when it is not held. */
  drop (id: number): boolean
  /** See {@link EventStore.erase}. */
  erase (taskId: string, held: readonly number[], at: number): Erased
  /** Removes the callbacks that came at or before a time. */
  forgetHeld (before: number): void
  /** Removes those of the tasks whose newest event is not younger than `before`; returns their number. */
  forget (keys: readonly string[], before: number): number
  /** Forgets old submissions, in steps; see the table. */
  forgetSubmissions (now: number, after: number, limit: number): number | undefined
  /** Whether its log was removed, so that it opens no file before `recover()`. */
  isStranded (): boolean
  /** Opens the file again. No other connection of this process may be open. */
  recover (): void
  /** Whether another connection may have written since the last call. */
  changedElsewhere (): boolean
  /** See {@link EventStore.moved}. */
  moved (newest: ReadonlyMap<string, string>): Map<string, string>
  /** Makes a durable write that changes nothing. */
  check (): void
  /** Returns the latest time in this history, in milliseconds since 1970; 0 for none. */
  latest (): number
  close (): void
}

/**
 * Opens the writing side of a SQLite store. After a failure it opens the file again, and so recovers by itself.
 *
 * @throws {RelayError} `STORE_UNAVAILABLE`, naming the path, from here and from every method
 */
export function sqliteWriter (path: string): SqliteWriter {
  const known = noGenerations()
  let session: Session | undefined = openSession(path, known)
  const { epochs: { life }, files: { main } } = session
  const history = { life, main, known }
  let isStranded = false
  // Another connection may have written before this one was opened.
  let version = NaN

  /** Runs one transaction. A database that failed is closed; the next transaction opens it again. */
  function write<T> (work: (session: Session) => T): T {
    return guard(path, () => {
      if (isStranded) throw new Error('its log was removed while it was in use')
      session ??= reopenSession(path, history)
      const { db, files, generations, log, version: schema } = session
      try {
        const result = transaction(db, () => {
          // Under the lock for writing: nobody who shares the old log can start another one meanwhile.
          requireSameFiles(path, files)
          readVersion(schema)
          generations.begin()
          log.begin()
          const result = work(session as Session)
          generations.end()
          return result
        })
        // A commit into a log that was removed in the meantime is not durable.
        requireSameFiles(path, files)
        return result
      } catch (error) {
        version = NaN
        generations.rollBack()
        // If it throws, the session stays, and the next transaction tries again.
        isStranded = rescue(path, db, files) === 'left'
        session = undefined
        db.close()
        throw error
      }
    })
  }

  return {
    ...submissionMethods((work) => write((s) => work(s.calls))),
    append: (group, windowMs) => write((s) => {
      const append = appender(s, windowMs)
      return group.map((entry) => append(entry))
    }),
    hold: (held) => write((s) => holdOne(s, held)),
    release: (id, entry, windowMs) => write((s) => releaseOne(s, id, entry, windowMs)),
    drop: (id) => write((s) => s.held.remove(id)),
    erase (taskId, held, at) {
      const erased = write((s) => eraseTask(s, { taskId, held, at }))
      // The log still has the data. A reader of another process may hold it back until the next checkpoint.
      guard(path, () => { session?.db.exec('PRAGMA wal_checkpoint(TRUNCATE)') })
      return erased
    },
    forgetHeld: (before) => write((s) => { s.held.removeBefore(before) }),
    stale: (before, after, limit) => write((s) => s.trimmer.stale(before, after, limit)),
    forget: (keys, before) => write((s) => keys.filter((key) => {
      return !s.submissions.isExpected(taskIdOf(key)) && s.trimmer.forget(key, before)
    }).length),
    forgetSubmissions: (now, after, limit) => write((s) => {
      return s.submissions.forget({ now, after, limit }, (taskId) => s.log.has(taskId))
    }),
    forgetMarks: (before, limit) => write((s) => {
      const hasMore = s.trimmer.forgetMarks(before, limit)
      s.generations.prune()
      return hasMore
    }),
    isStranded: () => isStranded,
    recover () {
      isStranded = false
      guard(path, () => { session ??= reopenSession(path, history) })
    },
    changedElsewhere: () => write((s) => {
      const before = version
      version = dataVersion(s.db)
      return version !== before
    }),
    moved: (newest) => write((s) => movedSince(s, newest)),
    check: () => write((s) => { s.check.run(String(Date.now())) }),
    latest: () => write((s) => (s.latest.get() as { at: number }).at),
    close () {
      session?.db.close()
      session = undefined
    }
  }
}

type Append = (entry: Entry, digest?: string) => Outcome | Rejection

/** Returns a function that appends entries in the current transaction. Without submissions it looks for none. */
function appender (s: Session, windowMs: number): Append {
  const hasSubmissions = !s.submissions.isEmpty()
  const keep = (entry: Entry): Kept => s.log.appendNew(entry, windowMs)
  const append = hasSubmissions ? (entry: Entry) => s.calls.append(toDraft(entry), () => keep(entry)) : keep
  const steps = { ...s.deliveries, append }

  return (entry, digest) => {
    const { about, taskId } = toDraft(entry)
    if (s.calls.isForeign({ ...about, taskId })) return 'foreign'
    const outcome = appendOnce(steps, entry, digest)
    return outcome === 'reject' ? outcome : toOutcome(outcome)
  }
}

function toOutcome ({ event, duplicate, settled }: Kept): Outcome {
  const { seq, id } = event
  // The other thread has the data of a new event already.
  const outcome = duplicate ? { seq, id, repeats: toEvent(event) } : { seq, id }
  return settled ? { ...outcome, settled } : outcome
}

function holdOne (s: Session, held: HeldEntry): ReturnType<SqliteWriter['hold']> {
  if (s.calls.isForeign({ ...held, taskId: held.signedTaskId })) return 'foreign'
  const outcome = holdOnce({ ...s.deliveries, ...s.held }, held)
  return typeof outcome === 'string' ? outcome : toEvent(outcome)
}

function releaseOne (s: Session, id: number, entry: Entry, windowMs: number): ReturnType<SqliteWriter['release']> {
  const held = s.held.get(id)
  if (!held) return undefined
  const { digest, delivery, submission } = held
  const draft = { ...s.calls.withToken(toDraft(entry), submission), delivery }
  const outcome = appender(s, windowMs)(toEntry(entry.taskId, draft, entry.at), digest)
  if (typeof outcome !== 'string') s.held.remove(id)
  return outcome
}

function movedSince ({ log }: Session, newest: ReadonlyMap<string, string>): Map<string, string> {
  const ids = [...newest].map(([taskId, id]) => [taskId, id, log.newestId(taskId)] as const)
  return new Map(ids.filter(([, id, now]) => id !== now).map(([taskId, , now]) => [taskId, now]))
}
