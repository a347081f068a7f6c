import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { RedisConnections } from '../../redis/connections.ts'
import { useTwice } from '../../redis/link.ts'
import { runScript, type Argument, type Script } from '../../redis/script.ts'
import { RelayError } from '../../errors.ts'
import type { EventDraft } from '../../event.ts'
import { deliveryRejected } from '../delivery.ts'
import { epochAt, parseEventId } from '../event-id.ts'
import { outcomeOf, readEpochs, readItem, readPage, toAppended, type AddReply } from './items.ts'
import { APPEND, CHECK, EPOCH, EXTENT, MOVED, READ } from './scripts.ts'
import { redisWriter, type RedisWriter } from './writer.ts'
import type { Appended, EventStore, Extent, StoreOptions } from '../store.ts'

const MOVED_STEP = 100

/** Options of a Redis store. */
export interface RedisStoreOptions extends StoreOptions {
  /** Replicas that must have an event before an append resolves. Default 0. */
  readonly waitReplicas?: number | undefined
  /** Whether an event must be on the disk of the primary and of those replicas, too. Default false. */
  readonly waitFsync?: boolean | undefined
}

/** Parts of a Redis store. */
export interface StoreParts {
  readonly connections: RedisConnections
  readonly writer: RedisWriter
  /** Life of the history, if none has begun. */
  readonly seed: string
  /** Time for a script, in milliseconds since 1970; empty: the time of Redis. */
  readonly now: () => Argument
  readonly dedupeWindowMs: number
  /** @throws {RelayError} `STORE_UNAVAILABLE` when the store is closed */
  readonly requireOpen: () => void
  /** Runs a script that is safe to repeat, on the connection for reads. */
  readonly ask: (script: Script, ...args: Argument[]) => Promise<unknown>
}

/**
 * Opens the store in a Redis or Valkey. Its appends publish on the bus: `publishes` is true.
 *
 * `close()` closes the connections.
 *
 * @throws {RelayError} `STORE_UNAVAILABLE` when no primary is found in time
 */
export async function redisStore (connections: RedisConnections, options: RedisStoreOptions = {}): Promise<EventStore> {
  const { dedupeWindowMs = 120_000, now, committed, waitReplicas = 0, waitFsync = false } = options
  const { base, observer } = connections
  const seed = randomBytes(4).toString('hex')
  const reader = connections.link('read')
  const writer = redisWriter(connections, { waitReplicas, waitFsync, committed, onConnect: readEpoch })
  let epoch = ''
  let closing: Promise<void> | undefined
  let checking: Promise<void> | undefined

  async function readEpoch (client: Redis): Promise<void> {
    noteEpoch(await runScript(client, base, { script: EPOCH, args: [seed] }) as string)
  }

  function noteEpoch (name: string): void {
    if (name === epoch) return
    if (epoch !== '') observer.forked?.(name)
    epoch = name
  }

  function requireOpen (): void {
    if (closing) throw new RelayError('STORE_UNAVAILABLE', 'Cannot use Redis: it is closed')
  }

  const parts: StoreParts = {
    connections,
    writer,
    seed,
    dedupeWindowMs,
    requireOpen,
    now: () => now ? Math.floor(now()) : '',
    ask: (script, ...args) => useTwice(reader, (client) => runScript(client, base, { script, args }))
  }

  async function append (taskId: string, draft: EventDraft): Promise<Appended> {
    const { delivery } = draft
    const about = draft.about === undefined ? '' : draft.about.submission === undefined ? 'about' : 'named'
    const args = [parts.now(), dedupeWindowMs, seed, taskId, draft.event, draft.data, draft.digest, outcomeOf(draft), about]
    if (delivery) args.push(delivery.key, delivery.onConflict, delivery.expiresAt)
    const reply = await writer.call({ script: APPEND, args }) as AddReply | ['reject'] | ['about']
    if (reply[0] === 'reject') throw deliveryRejected()
    if (reply[0] === 'about') throw new Error('not written yet')
    if (reply[0] === 'kept') noteEpoch(reply[2])
    return toAppended(taskId, draft, reply)
  }

  const store: EventStore = {
    get epoch () { return epoch },
    publishes: true,
    quarantine: { list: async () => [] } as never,
    submissions: undefined as never,

    async append (taskId, draft) {
      requireOpen()
      return append(taskId, draft)
    },

    async read (taskId, after, limit) {
      requireOpen()
      const id = after === undefined ? undefined : parseEventId(after)
      if (after !== undefined && !id) return undefined
      const reply = await parts.ask(READ, taskId, seed, limit, ...(id ? [id.epoch, id.seq] : []))
      return reply === null ? undefined : readPage(taskId, reply as [number, string, string[]])
    },

    async extent (taskId) {
      requireOpen()
      const [last, first, epochs, item] = await parts.ask(EXTENT, taskId, seed) as [number, number, string, string | null]
      const extent = { first, last, epochs: readEpochs(epochs) }
      const place = { taskId, seq: last, epoch: epochAt(extent as Extent, last) }
      return { ...extent, newest: item === null ? undefined : readItem(item, place) }
    },

    async trim (ageMs, watched) {
      requireOpen()
      return 0
    },

    async erase (taskId, held) {
      requireOpen()
      return { events: 0, callbacks: 0 }
    },

    async moved (newest) {
      requireOpen()
      return moved(parts, newest)
    },

    async check () {
      requireOpen()
      // Anyone may ask, and appends wait for it: concurrent callers share one write.
      checking ??= writer.call({ script: CHECK, args: [] }).then(() => {}).finally(() => { checking = undefined })
      await checking
    },

    async close () {
      closing ??= writer.idle().then(() => { connections.close() })
      await closing
    }
  }
  try {
    // Finds a primary, and reads the epoch.
    await store.check()
  } catch (error) {
    connections.close()
    throw error
  }
  return store
}

async function moved ({ ask, seed }: StoreParts, newest: ReadonlyMap<string, string>): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const all = [...newest].flat()
  // In steps: a script holds up everything else in Redis.
  for (let i = 0; i < all.length; i += 2 * MOVED_STEP) {
    const reply = await ask(MOVED, seed, ...all.slice(i, i + 2 * MOVED_STEP)) as string[]
    for (let j = 0; j < reply.length; j += 2) found.set(reply[j] as string, reply[j + 1] as string)
  }
  return found
}
