import { randomBytes } from 'node:crypto'
import { RECENT_MS, type BoundRow, type SubmissionRow, type SubmissionTable } from '../submission-table.ts'

type Changing<Row> = { -readonly [Column in keyof Row]: Row[Column] }

interface Call {
  readonly at: number
  readonly isQuestion: boolean
}

/** Submissions of a memory store, with their indexes. */
export interface MemorySubmissionData {
  readonly signingKey: string
  readonly byId: Map<string, SubmissionRow>
  readonly byKey: Map<string, SubmissionRow>
  /** Rows of each task, newest first. */
  readonly byTask: Map<string, BoundRow[]>
  /** Rows that are expected or overdue. */
  readonly watched: Set<BoundRow>
  /** Calls to Suno of the last minute. */
  readonly calls: Call[]
  last: number
  pausedUntil: number
}

/** Creates the data of a store without submissions. */
export function memorySubmissionData (): MemorySubmissionData {
  return {
    signingKey: randomBytes(32).toString('base64url'),
    byId: new Map(),
    byKey: new Map(),
    byTask: new Map(),
    watched: new Set(),
    calls: [],
    last: 0,
    pausedUntil: 0
  }
}

/** Creates the table over the data of a store. */
export function memorySubmissionTable (data: () => MemorySubmissionData): SubmissionTable {
  /** Enters a row where its columns put it. */
  function index (row: SubmissionRow): void {
    if (row.taskId === null) return
    const { byTask, watched } = data()
    const bound = row as BoundRow
    const others = byTask.get(row.taskId) ?? []
    if (!others.includes(bound)) byTask.set(row.taskId, [...others, bound].sort((a, b) => b.n - a.n))
    if (row.dueAt === null) watched.delete(bound)
    else watched.add(bound)
  }

  return {
    byId: (id) => data().byId.get(id),
    byKey: (key) => data().byKey.get(key),
    of: (taskId) => data().byTask.get(taskId) ?? [],

    insert (columns) {
      const { byId, byKey } = data()
      const row = { ...columns, n: ++data().last }
      byId.set(row.id, row)
      if (row.key !== null) byKey.set(row.key, row)
      index(row)
      return row
    },

    update (row, changes) {
      if (changes.key === null) data().byKey.delete(row.key as string)
      Object.assign(row as Changing<typeof row>, changes)
      index(row)
      return row
    },

    remove (row) {
      const { byId, byKey, byTask } = data()
      byId.delete(row.id)
      data().watched.delete(row as BoundRow)
      if (row.key !== null) byKey.delete(row.key)
      if (row.taskId === null) return
      const others = (byTask.get(row.taskId) as BoundRow[]).filter((other) => other !== row)
      if (others.length > 0) byTask.set(row.taskId, others)
      else byTask.delete(row.taskId)
    },

    due (now, isPastDeadline, limit) {
      const due = [...data().watched].filter((row) => dueAt(row) <= now && (row.deadline <= now) === isPastDeadline)
      return due.sort((a, b) => dueAt(a) - dueAt(b)).slice(0, limit)
    },

    recordCall (at, isQuestion) {
      const { calls } = data()
      while (calls[0] && calls[0].at <= at - RECENT_MS) calls.shift()
      calls.push({ at, isQuestion })
    },

    callsAfter (at) {
      const recent = data().calls.filter((call) => call.at > at)
      const questions = recent.filter(({ isQuestion }) => isQuestion).length
      return { questions, calls: recent.length, oldest: recent[0]?.at ?? null }
    },

    pausedUntil: () => data().pausedUntil,
    pauseUntil: (at) => { data().pausedUntil = at }
  }
}

/** Returns the time at which the first row may be claimed; undefined for none. */
export function firstClaim ({ watched, pausedUntil }: MemorySubmissionData): number | undefined {
  let first: number | undefined
  for (const row of watched) {
    const at = Math.max(dueAt(row), Math.min(row.deadline, pausedUntil))
    if (first === undefined || at < first) first = at
  }
  return first
}

function dueAt (row: BoundRow): number {
  return row.dueAt as number
}
