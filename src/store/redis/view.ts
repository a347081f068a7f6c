import type { Delivery, HeldSummary } from '../../event.ts'
import type { DeliveryTable } from '../delivery.ts'
import { toAppended, type AddReply } from './items.ts'
import { viewRows, type ViewRows } from './view-rows.ts'
import { viewLog, type AnyEvent, type Change, type Changes, type TaskReply, type ViewLog } from './view-log.ts'

/** Callback in quarantine, without its id and its body. */
export interface HeldAbout extends Omit<HeldSummary, 'id'> {
  readonly digest: string
  readonly signedTaskId: string | null
  readonly submission: string | null
  readonly delivery?: Delivery | undefined
}

// The script returns the data of an event that is kept.
const NO_DATA = { event: 'task-update', data: '' } as const

type SiblingReply = readonly [id: number, digest: string]

/** State of a transaction, as its script returns it. Lua writes an empty array as `{}`. */
export type ViewReply = readonly [
  held: string,
  delivery: readonly [digest: string, isHeld: boolean, event: AddReply | object, isForgotten: boolean] | object,
  quarantine: readonly [count: number, bytes: string, siblings: readonly SiblingReply[] | object] | object,
  rows: readonly string[] | object,
  tasks: readonly TaskReply[] | object,
  calls: readonly string[] | object,
  paused: string
]

/** State of a transaction, and the changes that were made to it. */
export interface View {
  readonly log: ViewLog
  readonly table: ViewRows['table']
  readonly deliveries: DeliveryTable<AnyEvent>
  /** The held callback that was asked for, if it is held. */
  readonly held: HeldAbout | undefined
  /** State of the quarantine, if a callback is to be held. */
  readonly quarantine: {
    readonly count: number
    readonly bytes: number
    /** Held callbacks that came under the token of the submission. */
    readonly siblings: ReadonlyArray<{ readonly id: number, readonly digest: string }>
  }
  /** Adds a change. */
  readonly change: (...change: Change) => void
  /** Returns all changes, in their order. */
  changes (): readonly Change[]
}

/**
 * Creates the state of a transaction.
 *
 * @param n - number before that of the first submission that the transaction may insert
 */
export function createView (reply: ViewReply, n: number): View {
  const [held, delivery, quarantine, rows, tasks, calls, paused] = reply
  const changes: Changes = []
  const { table, changed } = viewRows({ rows: list(rows), calls: list(calls), paused: Number(paused), n })
  const [count = 0, bytes = '0', siblings = {}] = list(quarantine) as [number?, string?, (SiblingReply[] | object)?]
  return {
    log: viewLog(list(tasks), changes),
    table,
    deliveries: viewDeliveries(list(delivery), changes),
    held: held === '' ? undefined : JSON.parse(held) as HeldAbout,
    quarantine: { count, bytes: Number(bytes), siblings: list<SiblingReply>(siblings).map(toSibling) },
    change (...change) { changes.push(change) },
    changes: () => [...changes, ...changed()]
  }
}

/** @param reply - state of the one delivery of the transaction */
function viewDeliveries (
  [digest = '', isHeld, event, isForgotten]: Array<string | boolean | AddReply | object>, changes: Changes
): DeliveryTable<AnyEvent> {
  const found = list(event as AddReply)
  return {
    forgottenUntil: () => isForgotten === true ? Infinity : 0,

    lookup () {
      if (digest === '') return undefined
      const known = found.length > 0 ? toAppended('', NO_DATA, found as AddReply).event : undefined
      return { digest: digest as string, isHeld: isHeld === true, event: known }
    },

    remember ({ key, onConflict, expiresAt }, body, event) {
      const { taskId = '', seq = '' } = event ?? {}
      changes.push(['remember', key, body, taskId, seq, Math.ceil(expiresAt), onConflict === 'reject' ? '1' : ''])
    }
  }
}

function toSibling ([id, digest]: SiblingReply): { readonly id: number, readonly digest: string } {
  return { id, digest }
}

function list<T> (array: readonly T[] | object): T[] {
  return Array.isArray(array) ? array : []
}
