import { memorySubmissionData, memorySubmissionTable, type MemorySubmissionData } from '../memory/submission-table.ts'
import { RECENT_MS, type BoundRow, type SubmissionRow, type SubmissionTable } from '../submission-table.ts'
import type { Change } from './view-log.ts'

/** Submissions and calls of a transaction, as its script returns them. */
export interface RowsReply {
  readonly rows: readonly string[]
  readonly calls: readonly string[]
  readonly paused: number
  /** Number before that of the first submission that the transaction may insert. */
  readonly n: number
}

/** Submissions of a transaction. */
export interface ViewRows {
  readonly table: SubmissionTable
  /** Returns the changes that were made to the table. */
  changed (): Change[]
}

/** Creates the submissions of a transaction: a table in memory that holds those which the transaction needs. */
export function viewRows ({ rows: texts, calls, paused, n }: RowsReply): ViewRows {
  const rows = texts.map((text) => JSON.parse(text) as SubmissionRow)
  const former = new Map(rows.map((row, i) => [row.id, { text: texts[i] as string, key: row.key, taskId: row.taskId }]))
  const data: MemorySubmissionData = {
    ...memorySubmissionData(),
    byId: new Map(rows.map((row) => [row.id, row])),
    byKey: new Map(rows.flatMap((row) => row.key === null ? [] : [[row.key, row]])),
    calls: calls.map(readCall),
    last: n,
    pausedUntil: paused
  }
  for (const row of rows.filter(isBound).sort((a, b) => a.n - b.n)) {
    data.byTask.set(row.taskId, [row, ...data.byTask.get(row.taskId) ?? []])
    if (row.dueAt !== null) data.watched.add(row)
  }
  const formerCalls = new Set(data.calls)

  function changed (): Change[] {
    const changes: Change[] = []
    for (const row of data.byId.values()) {
      const text = JSON.stringify(row)
      const before = former.get(row.id)
      if (text === before?.text) continue
      if (before?.key != null && row.key === null) changes.push(['dropKey', before.key])
      // An erased submission leaves its task.
      if (before?.taskId != null && row.taskId === null) changes.push(['drop', row.id])
      changes.push(put(row, text))
    }
    for (const id of former.keys()) if (!data.byId.has(id)) changes.push(['drop', id])
    for (const call of data.calls) {
      if (!formerCalls.has(call)) changes.push(['call', call.at, Number(call.isQuestion), call.at - RECENT_MS])
    }
    if (data.pausedUntil !== paused) changes.push(['pause', data.pausedUntil])
    return changes
  }

  return { table: memorySubmissionTable(() => data), changed }
}

function put ({ id, taskId, key, dueAt, stage, submittedAt }: SubmissionRow, text: string): Change {
  return ['put', id, text, taskId ?? '', key ?? '', dueAt ?? '', stage === 'overdue' ? '1' : '', submittedAt]
}

function isBound (row: SubmissionRow): row is BoundRow {
  return row.taskId !== null
}

function readCall (text: string): { at: number, isQuestion: boolean } {
  const [at, isQuestion] = text.split(' ')
  return { at: Number(at), isQuestion: isQuestion === '1' }
}
