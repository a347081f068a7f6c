import { setTimeout as wait } from 'node:timers/promises'
import { RelayError } from '../../errors.ts'
import { toAppended, type AddReply } from './items.ts'
import { COMMIT, SNAPSHOT } from './transaction-scripts.ts'
import type { Kept } from './view-log.ts'
import { createView, type View, type ViewReply } from './view.ts'
import type { Argument } from '../../redis/script.ts'
import type { Appended } from '../store.ts'
import type { StoreParts } from './parts.ts'

const MAX_PAUSE_MS = 10

/** The part of the state that a transaction needs. */
export interface Needs {
  /** Id of a held callback; `new` for the size of the quarantine. */
  readonly held?: number | 'new' | undefined
  readonly delivery?: { readonly key: string, readonly expiresAt: number } | undefined
  /** Id of a submission. Its task is seen, too. */
  readonly id?: string | undefined
  readonly idempotencyKey?: string | undefined
  readonly taskId?: string | undefined
  /** Time until which submissions are seen that are due, and the recent calls to Suno. */
  readonly due?: number | undefined
  /** Max number of submissions that are inserted. */
  readonly inserts?: number | undefined
}

/** Runs transactions of a store. */
export interface Transactions {
  /**
   * Runs `work` on the state, and makes its changes, all or nothing. If the state has changed meanwhile, it runs again.
   * So the rules for deliveries and submissions are those of all stores; only a plain append has its own script.
   *
   * @param lane - transactions of one lane run one after another, since they would not agree on the state
   */
  run<T> (lane: string, needs: Needs, work: (view: View) => T): Promise<T>
  /** Runs a transaction. Resolves with the replies to its changes, too. */
  runAll<T, Reply> (lane: string, needs: Needs, work: (view: View) => T): Promise<Done<T, Reply>>
  /** Runs a transaction that may append an event, or finds the event that a draft repeats. */
  append<T extends Kept | undefined> (
    lane: string, needs: Needs, work: (view: View) => T
  ): Promise<Appended | Extract<T, undefined>>
}

/** Result of a transaction, and the replies to its changes. */
export interface Done<T, Reply = AddReply> {
  readonly result: T
  readonly events: Reply[]
}

/** Creates the transactions of a store. */
export function redisTransactions ({ ask, writer, seed, clock, timeoutMs }: StoreParts): Transactions {
  const lanes = new Map<string, Promise<unknown>>()

  /** Resolves with undefined if the state has changed meanwhile. */
  async function attempt<T> (needs: Needs, work: (view: View) => T): Promise<Done<T> | undefined> {
    const { held = '', delivery, id = '', idempotencyKey = '', taskId = '', due = '', inserts = 0 } = needs
    const wanted = [held, delivery?.key ?? '', Math.ceil(delivery?.expiresAt ?? 0), id, idempotencyKey, taskId, due]
    const [digest, state, n] = await ask(SNAPSHOT, inserts, ...wanted) as [string, string, number]
    const view = createView(JSON.parse(state) as ViewReply, n - inserts)
    const result = work(view)
    const args: Argument[] = [digest, seed, clock(), ...wanted]
    for (const [name, ...change] of view.changes()) args.push(name, change.length, ...change)
    const [outcome, ...events] = await writer.call({ script: COMMIT, args }) as ['done' | 'conflict', ...AddReply[]]
    return outcome === 'done' ? { result, events } : undefined
  }

  async function repeat<T> (needs: Needs, work: (view: View) => T): Promise<Done<T>> {
    const end = performance.now() + timeoutMs
    while (performance.now() < end) {
      const done = await attempt(needs, work)
      if (done) return done
      await wait(Math.random() * MAX_PAUSE_MS)
    }
    throw new RelayError('STORE_UNAVAILABLE', `Cannot change the store: others have changed it for ${timeoutMs} ms`)
  }

  /** Runs after the former transactions of the lane. */
  async function queue<T> (lane: string, needs: Needs, work: (view: View) => T): Promise<Done<T>> {
    const former = lanes.get(lane)
    const running = (former ?? Promise.resolve()).then(() => repeat(needs, work))
    const settled = running.catch(() => {})
    lanes.set(lane, settled)
    try {
      return await running
    } finally {
      if (lanes.get(lane) === settled) lanes.delete(lane)
    }
  }

  return {
    runAll: queue as Transactions['runAll'],
    run: async (lane, needs, work) => (await queue(lane, needs, work)).result,

    async append (lane, needs, work) {
      const { result, events } = await queue(lane, needs, work)
      if (!result) return undefined as never
      const { event, duplicate, settled } = result
      if ('id' in event) return { event, duplicate }
      const reply = events.find(([, seq]) => seq === event.seq) as AddReply
      const appended = toAppended(event.taskId, event, reply)
      return { ...appended, duplicate, ...(settled && { settled }) }
    }
  }
}
