import type { DatabaseSync } from 'node:sqlite'
import { createFilter, createFilters, FILTER_TEXTS } from './filter.ts'

// Small enough that the pages of its index are written again and again between two checkpoints.
const EVENTS_EACH = FILTER_TEXTS
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
  /** Returns the key of a task that begins now. */
  fresh (taskId: string): string
}

/** Generations, for the writer's transaction. */
export interface WrittenGenerations extends Generations {
  /** Starts a transaction: reads the newest generation, or starts one after enough events. */
  begin (): void
  /** Removes the oldest generations that have no tasks any more. */
  prune (): void
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
export function sqliteGenerations (db: DatabaseSync): Generations & { refresh (newest?: Numbers): boolean } {
  const newest = db.prepare('SELECT max(number) AS number FROM generations')
  const oldest = db.prepare('SELECT min(number) AS number FROM generations')
  const since = db.prepare('SELECT number, filter FROM generations WHERE number >= ? ORDER BY number')
  const isKnown = db.prepare(`
    SELECT 1 FROM events WHERE task_key = ?1 UNION ALL SELECT 1 FROM marks WHERE task_key = ?1 LIMIT 1`)
  let filters = createFilters()
  let current = 0
  // May have any task; descending.
  let open: number[] = []

  /** Reads the generations from the newest known one on, if there is a newer one. Returns whether there is. */
  function refresh ({ number } = newest.get() as unknown as Numbers): boolean {
    if (number === current) return false
    // An older copy of the file was put back.
    if (number < current) [filters, open, current] = [createFilters(), [], 0]
    open = open.filter((one) => one !== current)
    for (const { number, filter } of since.all(current) as unknown as Generation[]) {
      if (filter) filters.add(number, filter)
      else open.unshift(number)
    }
    filters.forgetBefore((oldest.get() as unknown as Numbers).number)
    current = number
    return true
  }

  function keys (taskId: string): string[] {
    return [...open, ...filters.mayHave(taskId)].map((number) => keyIn(number, taskId))
  }

  return {
    find (taskId) {
      do {
        for (const key of keys(taskId)) if (isKnown.get(key) !== undefined) return key
      } while (refresh())
    },
    keys,
    fresh: (taskId) => keyIn(current, taskId),
    refresh
  }
}

/** Prepares the statements that find tasks and start generations. */
export function writtenGenerations (db: DatabaseSync): WrittenGenerations {
  const { refresh, ...generations } = sqliteGenerations(db)
  const newest = db.prepare(`
    SELECT number, start, (SELECT coalesce(max(n), 0) FROM events) AS last
    FROM generations ORDER BY number DESC LIMIT 1`)
  const oldest = db.prepare('SELECT number FROM generations ORDER BY number LIMIT 1')
  const keysIn = db.prepare(`
    SELECT DISTINCT task_key AS key FROM events WHERE task_key > ?1 AND task_key < ?2
    UNION ALL SELECT task_key FROM marks WHERE task_key > ?1 AND task_key < ?2`)
  const seal = db.prepare('UPDATE generations SET filter = ? WHERE number = ?')
  const start = db.prepare('INSERT INTO generations (number, start) VALUES (?, ?)')
  const first = db.prepare(`
    SELECT 1 FROM events WHERE task_key > ?1 AND task_key < ?2
    UNION ALL SELECT 1 FROM marks WHERE task_key > ?1 AND task_key < ?2 LIMIT 1`)
  const remove = db.prepare('DELETE FROM generations WHERE number = ?')

  /** Gives a generation its filter, and starts the next one after row `n`. */
  function startAfter ({ number }: Numbers, n: number): Numbers {
    const rows = keysIn.all(...rangeOf(number)) as unknown as Array<{ key: string }>
    seal.run(createFilter(rows.map(({ key }) => taskIdOf(key))), number)
    start.run(number + 1, n)
    return { number: number + 1 }
  }

  return {
    ...generations,

    begin () {
      const current = newest.get() as unknown as Numbers & { start: number, last: number }
      const { start, last } = current
      // The numbers of rows start again in a table that became empty.
      refresh(last < start || last - start >= EVENTS_EACH ? startAfter(current, last) : current)
    },

    prune () {
      const current = newest.get() as unknown as Numbers
      for (;;) {
        const { number } = oldest.get() as unknown as Numbers
        if (number === current.number || first.get(...rangeOf(number)) !== undefined) return
        remove.run(number)
      }
    }
  }
}

/** Returns the keys between which those of a generation are. */
function rangeOf (generation: number): [string, string] {
  return generation === 0 ? ['', MARKER] : [keyIn(generation, ''), `${MARKER}${generation}${AFTER_MARKER}`]
}
