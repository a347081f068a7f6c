import type { Delivery, HeldSummary } from '../../event.ts'
import type { DeliveryTable } from '../delivery.ts'
import { toAppended, type AddReply } from './items.ts'
import { viewRows, type ViewRows } from './view-rows.ts'
import { viewLog, type AnyEvent, type Change, type Changes, type TaskReply, type ViewLog } from './view-log.ts'

/** Callback in quarantine, without its id and its body. */
export interface HeldAbout extends Omit<HeldSummary, 'id'> {
  readonly digest: string
  readonly signedTaskId: string | null
  readonly delivery?: Delivery | undefined
}

// The script returns the data of an event that is kept.
const NO_DATA = { event: 'task-update', data: '' } as const

/** State of a transaction, as its script returns it. Lua writes an empty array as `{}`. */
export type ViewReply = readonly [
  held: string,
  delivery: readonly [digest: string, isHeld: boolean, event: AddReply | object, isForgotten: boolean] | object,
  size: readonly [count: number, bytes: string] | object,
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
  /** Number of held callbacks, and bytes of their bodies. */
  readonly size: { readonly count: number, readonly bytes: number }
  /** Adds a change. */
  readonly change: (...change: Change) => void
  /** Returns all changes, in their order. */
  changes (): readonly Change[]
}

/**
 * Creates the state of a transaction.
 *
 * @param n - number of the submission that the transaction may insert
 */
export function createView (reply: ViewReply, n: number): View {
  const [held, delivery, size, rows, tasks, calls, paused] = reply
  const changes: Changes = []
  const { table, changed } = viewRows({ rows: list(rows), calls: list(calls), paused: Number(paused), n })
  const [count = 0, bytes = '0'] = list(size) as [number?, string?]
  return {
    log: viewLog(list(tasks), changes),
    table,
    deliveries: viewDeliveries(list(delivery), changes),
    held: held === '' ? undefined : JSON.parse(held) as HeldAbout,
    size: { count, bytes: Number(bytes) },
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

function list<T> (array: readonly T[] | object): T[] {
  return Array.isArray(array) ? array : []
}
