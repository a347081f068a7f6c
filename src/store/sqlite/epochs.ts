import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { EventName } from '../../../schemas/event.ts'
import type { TaskEvent } from '../../event.ts'
import { taskIdOf } from './generations.ts'

/**
 * Fork of a history, as 32 bits: the life of a file from an opening for writing to the next one. Null for events from
 * before files had forks.
 *
 * All processes that have a file open append under the fork in the table `meta`, so the forks of a task's events
 * never go back to an earlier one.
 */
export type Fork = number | null

/** Part of a row of the table `events`. */
export interface EventRow {
  readonly seq: number
  readonly fork: Fork
  readonly event: EventName
  readonly data: string
}

/** Starts another fork of a history, in the caller's transaction: no event had it before. */
export function renewFork (db: DatabaseSync): void {
  db.prepare("INSERT OR REPLACE INTO meta VALUES ('fork', ?)").run(String(randomBytes(4).readInt32BE()))
}

/** Names of epochs, and the epoch of an append now. */
export interface Epochs {
  /** Life of the history. */
  readonly life: string
  /** Returns the name of an epoch: the life, and the fork if there is one. */
  nameOf (fork: Fork): string
  /** Returns the fork of an append now. */
  currentFork (): number
  /** Turns a row of the table `events` into an event. */
  toStored (key: string, row: EventRow): StoredEvent
}

/** Event with its fork and the key of its task. */
export interface StoredEvent extends TaskEvent {
  readonly fork: Fork
  readonly key: string
}

/** Turns an event of the table into one of the store. */
export function toEvent ({ taskId, seq, id, event, data }: StoredEvent): TaskEvent {
  return { taskId, seq, id, event, data }
}

/** Prepares the statements that read the life and the fork of a history. */
export function sqliteEpochs (db: DatabaseSync): Epochs {
  const { life } = db.prepare("SELECT value AS life FROM meta WHERE key = 'epoch'").get() as { life: string }
  const current = db.prepare("SELECT value FROM meta WHERE key = 'fork'")
  let last: Fork = null
  let name = life

  function nameOf (fork: Fork): string {
    // Most events of a page have the fork of the one before.
    if (fork === last) return name
    last = fork
    name = fork === null ? life : `${life}-${(fork >>> 0).toString(16).padStart(8, '0')}`
    return name
  }

  return {
    life,
    nameOf,
    currentFork: () => Number((current.get() as { value: string }).value),

    toStored (key, { seq, fork, event, data }) {
      return { key, taskId: taskIdOf(key), seq, fork, id: `${nameOf(fork)}.${seq}`, event, data }
    }
  }
}
