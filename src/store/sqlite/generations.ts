import type { DatabaseSync } from 'node:sqlite'
import { createFilter, createFilters, FILTER_TEXTS, type Filters } from './filter.ts'

// Small enough that the pages of its index are written again and again between two checkpoints.
const TASKS_EACH = FILTER_TEXTS
// Follows every character of a task id.
const MARKER = '~'
const AFTER_MARKER = '\x7f'

/**
 * Tasks that began at about the same time. The key of a task starts with its generation, so that the entries of new
 * tasks lie together in the indexes, however many tasks are kept. A task stays in its generation. A task from before
 * there were generations has its id as key.
 *
 * Only the newest generation gets tasks. Each older one has a filter that tells which tasks it cannot have.
 */
export interface Generations {
  /** Returns the key of a known task, in a transaction; undefined for a task without events and mark. */
  find (taskId: string): string | undefined
  /** Returns the keys that a task may have, the one of the newest generation first. */
  keys (taskId: string): string[]
}

/** Generations, for the writer's transaction. */
export interface WrittenGenerations extends Generations {
  /** Starts a transaction: reads the newest generation, or starts one if that is full. */
  begin (): void
  /** Returns the key of a task that begins now, and counts it. */
  fresh (taskId: string): string
  /** Ends a transaction: keeps the number of its new tasks. */
  end (): void
  /** Forgets what a transaction that failed has read of itself. */
  rollBack (): void
  /** Removes the generations that have no tasks any more. */
  prune (): void
}

/** Knowledge of the generations of a file. The filters take a while to read, so it outlives a connection. */
export interface KnownGenerations {
  filters: Filters
  current: number
  /** Generations that may have any task, in descending order. */
  open: number[]
}

/** Returns the knowledge of no generation. */
export function noGenerations (): KnownGenerations {
  return { filters: createFilters(), current: 0, open: [] }
}

interface Numbers {
  readonly number: number
}

interface Generation extends Numbers {
  /** Null: it may have any task. */
  readonly filter: Uint8Array | null
}

/** Expression of SQL for the task id of a row with a key. */
export const TASK_ID = `
  iif(task_key < '${MARKER}', task_key, substr(task_key, instr(substr(task_key, 2), '${MARKER}') + 2))`

/** Returns the task id of a key. */
export function taskIdOf (key: string): string {
  return key.startsWith(MARKER) ? key.slice(key.indexOf(MARKER, 1) + 1) : key
}

function keyIn (generation: number, taskId: string): string {
  return generation === 0 ? taskId : `${MARKER}${generation}${MARKER}${taskId}`
}

/** Prepares the statements that find tasks. */
export function sqliteGenerations (
  db: DatabaseSync, known: KnownGenerations
): Generations & { refresh (newest?: Numbers): boolean } {
  const newest = db.prepare('SELECT max(number) AS number FROM generations')
  const numbers = db.prepare('SELECT number FROM generations')
  const since = db.prepare('SELECT number, filter FROM generations WHERE number >= ? ORDER BY number')
  const isKnown = db.prepare(`
    SELECT 1 FROM events WHERE task_key = ?1 UNION ALL SELECT 1 FROM marks WHERE task_key = ?1 LIMIT 1`)

  /** Reads the generations from the newest known one on, if there is a newer one. Returns whether there is. */
  function refresh ({ number } = newest.get() as unknown as Numbers): boolean {
    if (number === known.current) return false
    // An older copy of the file was put back.
    if (number < known.current) Object.assign(known, noGenerations())
    const kept = new Set((numbers.all() as unknown as Numbers[]).map((one) => one.number))
    known.open = known.open.filter((one) => one !== known.current && kept.has(one))
    for (const { number, filter } of since.all(known.current) as unknown as Generation[]) {
      if (filter) known.filters.add(number, filter)
      else known.open.unshift(number)
    }
    known.filters.keep(kept)
    known.current = number
    return true
  }

  function keys (taskId: string): string[] {
    return [...known.open, ...known.filters.mayHave(taskId)].map((number) => keyIn(number, taskId))
  }

  return {
    find (taskId) {
      do {
        for (const key of keys(taskId)) if (isKnown.get(key) !== undefined) return key
      } while (refresh())
    },
    keys,
    refresh
  }
}

/** Prepares the statements that find tasks and start generations. Reads the filters, so it must not be in a lock. */
export function writtenGenerations (db: DatabaseSync, known: KnownGenerations): WrittenGenerations {
  const { refresh, ...generations } = sqliteGenerations(db, known)
  const newest = db.prepare('SELECT number, tasks FROM generations ORDER BY number DESC LIMIT 1')
  const all = db.prepare('SELECT number FROM generations ORDER BY number')
  // One text: as many rows take three times as long, and callbacks wait for the commit.
  const keysIn = db.prepare(`
    SELECT json_group_array(key) AS keys FROM (
      SELECT DISTINCT task_key AS key FROM events WHERE task_key >= ?1 AND task_key < ?2
      UNION ALL SELECT task_key FROM marks WHERE task_key >= ?1 AND task_key < ?2)`)
  const seal = db.prepare('UPDATE generations SET filter = ? WHERE number = ?')
  const start = db.prepare('INSERT INTO generations (number, tasks) VALUES (?, 0)')
  const count = db.prepare('UPDATE generations SET tasks = tasks + ? WHERE number = ?')
  const first = db.prepare(`
    SELECT 1 FROM events WHERE task_key >= ?1 AND task_key < ?2
    UNION ALL SELECT 1 FROM marks WHERE task_key >= ?1 AND task_key < ?2 LIMIT 1`)
  const remove = db.prepare('DELETE FROM generations WHERE number = ?')
  let begun = 0
  let isStarted = false
  refresh()

  /** Gives a generation its filter, and starts the next one. */
  function startAfter ({ number }: Numbers): Numbers {
    const { keys } = keysIn.get(...rangeOf(number)) as { keys: string }
    seal.run(createFilter((JSON.parse(keys) as string[]).map(taskIdOf)), number)
    start.run(number + 1)
    isStarted = true
    return { number: number + 1 }
  }

  return {
    ...generations,

    begin () {
      begun = 0
      isStarted = false
      const current = newest.get() as unknown as Numbers & { tasks: number }
      refresh(current.tasks >= TASKS_EACH ? startAfter(current) : current)
    },

    fresh (taskId) {
      begun++
      return keyIn(known.current, taskId)
    },

    end () { if (begun > 0) count.run(begun, known.current) },

    // Another process may start the same generation with other tasks in the one before.
    rollBack () { if (isStarted) Object.assign(known, noGenerations()) },

    prune () {
      const numbers = (all.all() as unknown as Numbers[]).map(({ number }) => number)
      for (const number of numbers.slice(0, -1)) {
        if (first.get(...rangeOf(number)) === undefined) remove.run(number)
      }
    }
  }
}

/** Returns the keys between which those of a generation are. */
function rangeOf (generation: number): [string, string] {
  return generation === 0 ? ['', MARKER] : [keyIn(generation, ''), `${MARKER}${generation}${AFTER_MARKER}`]
}
