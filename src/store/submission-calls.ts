import type { EventDraft } from '../event.ts'
import { isSameKind, submissionRule, type SubmissionRule, type MaySettle } from './submission-rule.ts'
import {
  NEW, type BoundRow, type DatedDraft, type EventLog, type SubmissionRow, type SubmissionTable
} from './submission-table.ts'
import {
  DAY_MS, type Answer, type ClaimOptions, type Patience, type ReservationDraft, type WatchDraft
} from './submissions.ts'

const MAX_PAST_DEADLINE = 100

/** Result of a reservation. */
export type ReservedRow =
  | { readonly result: 'reserved' | 'repeat', readonly row: SubmissionRow }
  | { readonly result: 'conflict' }

/** Writing methods of `Submissions`, called in a transaction of the store. Times are in milliseconds since 1970. */
export interface SubmissionCalls<Kept extends MaySettle> extends Pick<SubmissionRule<Kept>, 'isForeign' | 'append'> {
  reserve (draft: ReservationDraft, now: number): ReservedRow
  expect (id: string, taskId: string, patience: Patience): BoundRow | undefined
  cancel (id: string): void
  watch (draft: WatchDraft, patience: Patience, now: number): { readonly row: BoundRow, readonly created: boolean }
  claim (options: ClaimOptions, now: number): BoundRow[]
  pause (until: number): void
  overdue (id: string, draft: EventDraft, now: number): Kept | undefined
  answer (id: string, answer: Answer, now: number): Kept | undefined
  giveUp (id: string, draft: EventDraft, now: number): Kept | undefined
}

/** Parts of the writing side of a store. */
interface Parts<Kept> {
  readonly table: SubmissionTable
  readonly log: EventLog<Kept>
}

/** Returns the writing methods over the submissions and the events of a store. Every store uses them. */
export function submissionCalls<Kept extends MaySettle> ({ table, log }: Parts<Kept>): SubmissionCalls<Kept> {
  const rule = submissionRule(table, log)
  return {
    isForeign: rule.isForeign,
    append: rule.append,
    ...beginnings(table, log, rule),
    ...questions(table),
    ...answers(table, log, rule)
  }
}

type Beginnings = Pick<SubmissionCalls<never>, 'reserve' | 'expect' | 'cancel' | 'watch'>

function beginnings<Kept extends MaySettle> (
  table: SubmissionTable, log: EventLog<Kept>, rule: SubmissionRule<Kept>
): Beginnings {
  function watchOver (row: BoundRow, { askAfterMs, giveUpMs }: Patience): BoundRow {
    const others = table.of(row.taskId).filter(({ step }) => isSameKind(step, row.step))
    if (others.some(({ n }) => n > row.n)) return table.update(row, { stage: 'superseded' })
    const deadline = row.submittedAt + giveUpMs
    return table.update(row, { stage: 'expected', dueAt: Math.min(row.submittedAt + askAfterMs, deadline), deadline })
  }

  /** Settles a submission by an outcome without a token that came before its task was known. */
  function settleEarly (row: BoundRow): BoundRow | undefined {
    const early = log.outcomes(row.taskId).find(({ seq, step, submission }) => {
      return submission === null && seq > row.place && step === row.step
    })
    if (!early) return undefined
    log.attribute(row.taskId, early.seq, row.n)
    return table.update(row, { stage: 'settled' })
  }

  function known (key: string, now: number): SubmissionRow | undefined {
    const row = table.byKey(key)
    if (row && now - row.submittedAt < DAY_MS) return row
    if (row) table.update(row, { key: null })
    return undefined
  }

  return {
    reserve ({ id, step, taskId = null, idempotency }, now) {
      const repeated = idempotency && known(idempotency.key, now)
      if (repeated && repeated.digest !== idempotency.digest) return { result: 'conflict' }
      if (repeated) return { result: 'repeat', row: repeated }
      table.recordCall(now, false)
      const place = taskId === null ? null : log.last(taskId)
      const { key = null, digest = null } = idempotency ?? {}
      const row = table.insert({ ...NEW, id, step, namedTaskId: taskId, place, submittedAt: now, key, digest })
      return { result: 'reserved', row }
    },

    expect (id, taskId, patience) {
      const row = table.byId(id)
      if (!row || (row.taskId ?? taskId) !== taskId) return undefined
      if (row.stage !== 'reserved') return row as BoundRow
      const bound = row.taskId === null ? rule.bind(row, taskId) : row as BoundRow
      return settleEarly(bound) ?? watchOver(bound, patience)
    },

    cancel (id) {
      const row = table.byId(id)
      if (row?.taskId === null) table.remove(row)
    },

    watch ({ id, taskId, step }, patience, now) {
      const last = log.last(taskId)
      const known = table.of(taskId).find((row) => row.step === step)
      if (known?.stage === 'reserved') return { row: watchOver(known, patience), created: false }
      if (known) return { row: known, created: false }
      const newest = log.outcomes(taskId).at(-1)
      const isDone = newest?.seq === last && newest.step === step
      const place = isDone ? last - 1 : last
      const row = table.insert({ ...NEW, id, step, taskId, place, submittedAt: now }) as BoundRow
      rule.supersede(row)
      return { row: settleEarly(row) ?? watchOver(row, patience), created: true }
    }
  }
}

function questions (table: SubmissionTable): Pick<SubmissionCalls<never>, 'claim' | 'pause'> {
  function ask (row: BoundRow, dueAt: number): BoundRow {
    return table.update(row, { dueAt, asked: row.asked + 1 })
  }

  /** Claims due submissions up to the limit. If one more is due, pauses until the oldest call leaves the window. */
  function claimDue ({ leaseMs, maxQuestions, maxCalls, windowMs }: ClaimOptions, now: number): BoundRow[] {
    const recent = table.callsAfter(now - windowMs)
    const room = Math.max(0, Math.min(maxQuestions - recent.questions, maxCalls - recent.calls))
    const due = table.due(now, false, room + 1)
    const claimed = due.slice(0, room).map((row) => ask(row, now + leaseMs))
    claimed.forEach(() => { table.recordCall(now, true) })
    if (due.length > room) table.pauseUntil((recent.oldest ?? now) + windowMs)
    return claimed
  }

  return {
    claim (options, now) {
      const dueAt = now + options.leaseMs
      const past = table.due(now, true, MAX_PAST_DEADLINE).map((row) => table.update(row, { dueAt }))
      return table.pausedUntil() > now ? past : [...past, ...claimDue(options, now)]
    },

    pause (until) {
      if (until > table.pausedUntil()) table.pauseUntil(until)
    }
  }
}

function answers<Kept extends MaySettle> (
  table: SubmissionTable, log: EventLog<Kept>, rule: SubmissionRule<Kept>
): Pick<SubmissionCalls<Kept>, 'overdue' | 'answer' | 'giveUp'> {
  function tell (row: BoundRow, draft: EventDraft, now: number): Kept {
    return log.append({ ...draft, taskId: row.taskId, at: now })
  }

  function watched (id: string): BoundRow | undefined {
    const row = table.byId(id)
    return row?.dueAt == null ? undefined : row as BoundRow
  }

  function takeOutcome (row: BoundRow, draft: DatedDraft, meaning: string): Kept | undefined {
    const { own, former } = rule.same(row, meaning)
    if (!own && former.length > 0 && row.hasProgressed === 0) return undefined
    const kept = rule.settle(row, own ? log.repeat(row.taskId, own.seq) : log.append(draft))
    return own ? undefined : kept
  }

  /** Records progress. Returns whether it has changed. */
  function takeProgress (row: BoundRow, progress: string | undefined): boolean {
    if (progress === undefined || progress === row.progress) return false
    table.update(row, { progress, hasProgressed: 1 })
    return true
  }

  return {
    overdue (id, draft, now) {
      const row = watched(id)
      if (row?.stage !== 'expected') return undefined
      table.update(row, { stage: 'overdue' })
      return tell(row, draft, now)
    },

    answer (id, { draft, progress, nextMs }, now) {
      const row = table.byId(id) as BoundRow | undefined
      if (row?.dueAt == null && row?.stage !== 'timed-out') return undefined
      const next = row.dueAt === null
        ? row
        : table.update(row, { dueAt: Math.min(now + nextMs, row.deadline as number) })
      const meaning = draft?.about?.meaning
      if (draft && meaning !== undefined) return takeOutcome(next, { ...draft, taskId: next.taskId, at: now }, meaning)
      const hasChanged = next.dueAt !== null && takeProgress(next, progress ?? draft?.about?.progress)
      return draft && hasChanged ? tell(next, draft, now) : undefined
    },

    giveUp (id, draft, now) {
      const row = watched(id)
      if (!row) return undefined
      table.update(row, { stage: 'timed-out', dueAt: null })
      return tell(row, draft, now)
    }
  }
}
