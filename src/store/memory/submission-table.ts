import { RECENT_MS, type BoundRow, type SubmissionRow, type SubmissionTable } from '../submission-table.ts'

type Changing<Row> = { -readonly [Column in keyof Row]: Row[Column] }

interface Call {
  readonly at: number
  readonly isQuestion: boolean
}

/** Table of submissions, in memory. */
export interface MemorySubmissionTable extends SubmissionTable {
  /** All rows, by id. */
  readonly rows: ReadonlyMap<string, SubmissionRow>
  /** Rows that are expected or overdue. */
  readonly watched: ReadonlySet<BoundRow>
}

/** Returns an empty table. */
export function memorySubmissionTable (): MemorySubmissionTable {
  const rows = new Map<string, SubmissionRow>()
  const byKey = new Map<string, SubmissionRow>()
  const byTask = new Map<string, BoundRow[]>()
  const watched = new Set<BoundRow>()
  const calls: Call[] = []
  let last = 0
  let pausedUntil = 0

  /** Enters a row where its columns put it. */
  function index (row: SubmissionRow): void {
    if (row.taskId === null) return
    const bound = row as BoundRow
    const others = byTask.get(row.taskId) ?? []
    if (!others.includes(bound)) byTask.set(row.taskId, [...others, bound].sort((a, b) => b.n - a.n))
    if (row.dueAt === null) watched.delete(bound)
    else watched.add(bound)
  }

  return {
    rows,
    watched,
    byId: (id) => rows.get(id),
    byKey: (key) => byKey.get(key),
    of: (taskId) => byTask.get(taskId) ?? [],

    insert (columns) {
      const row = { ...columns, n: ++last }
      rows.set(row.id, row)
      if (row.key !== null) byKey.set(row.key, row)
      index(row)
      return row
    },

    update (row, changes) {
      if (changes.key === null) byKey.delete(row.key as string)
      Object.assign(row as Changing<typeof row>, changes)
      index(row)
      return row
    },

    remove (row) {
      rows.delete(row.id)
      if (row.key !== null) byKey.delete(row.key)
      if (row.taskId === null) return
      watched.delete(row as BoundRow)
      const others = byTask.get(row.taskId)?.filter((other) => other !== row) ?? []
      if (others.length > 0) byTask.set(row.taskId, others)
      else byTask.delete(row.taskId)
    },

    due (now, isPastDeadline, limit) {
      const due = [...watched].filter((row) => dueAt(row) <= now && (deadline(row) <= now) === isPastDeadline)
      return due.sort((a, b) => dueAt(a) - dueAt(b)).slice(0, limit)
    },

    recordCall (at, isQuestion) {
      while (calls[0] && calls[0].at <= at - RECENT_MS) calls.shift()
      calls.push({ at, isQuestion })
    },

    callsAfter (at) {
      const recent = calls.filter((call) => call.at > at)
      return { questions: recent.filter(({ isQuestion }) => isQuestion).length, calls: recent.length, oldest: recent[0]?.at ?? null }
    },

    pausedUntil: () => pausedUntil,
    pauseUntil: (at) => { pausedUntil = at }
  }
}

/** Returns the time at which the first of some watched rows may be claimed; undefined for none. */
export function firstClaim (watched: ReadonlySet<BoundRow>, pausedUntil: number): number | undefined {
  let first: number | undefined
  for (const row of watched) {
    const at = Math.max(dueAt(row), Math.min(deadline(row), pausedUntil))
    if (first === undefined || at < first) first = at
  }
  return first
}

function dueAt (row: BoundRow): number {
  return row.dueAt as number
}

function deadline (row: BoundRow): number {
  return row.deadline as number
}
