import { randomBytes } from 'node:crypto'
import type { Client } from '../../redis/client.ts'
import type { RedisConnections } from '../../redis/connections.ts'
import { useTwice } from '../../redis/link.ts'
import { runScript } from '../../redis/script.ts'
import { RelayError } from '../../errors.ts'
import type { EventStore, StoreOptions } from '../store.ts'
import { redisAppender } from './append.ts'
import { redisClock } from './clock.ts'
import type { StoreParts } from './parts.ts'
import { erase } from './erase.ts'
import { readNodes } from './nodes.ts'
import { redisQuarantine } from './quarantine.ts'
import { redisReader } from './reader.ts'
import { CHECK, EPOCH } from './scripts.ts'
import { redisSubmissions } from './submissions.ts'
import { redisTransactions } from './transaction.ts'
import { readTasks } from './task-list.ts'
import { trim } from './trim.ts'
import { redisWriter } from './writer.ts'

/** Options of a Redis store. */
export interface RedisStoreOptions extends StoreOptions {
  /** Replicas that must have an event before an append resolves. Default 0. */
  readonly waitReplicas?: number | undefined
  /** Whether an event must be on the disk of the primary and of those replicas, too. Default false. */
  readonly waitFsync?: boolean | undefined
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
  const { base, timeoutMs, observer } = connections
  const seed = randomBytes(16).toString('hex')
  const reader = connections.link('read')
  const clock = redisClock(now)
  const writer = redisWriter(connections, { waitReplicas, waitFsync, committed, onConnect: readState })
  let epoch = ''
  let closing: Promise<void> | undefined
  let checking: Promise<void> | undefined

  async function readState (client: Client): Promise<void> {
    const [now, time] = await runScript(client, base, { script: EPOCH, args: [seed] }) as [string, number]
    noteEpoch(now)
    clock.set(time)
  }

  function noteEpoch (now: string): void {
    if (now === epoch) return
    if (epoch !== '') observer.forked?.(now)
    epoch = now
  }

  function requireOpen (): void {
    if (closing) throw new RelayError('STORE_UNAVAILABLE', 'Cannot use Redis: it is closed')
  }

  const parts: StoreParts = {
    writer,
    seed,
    clock: clock.now,
    scriptTime: now ? clock.now : () => '',
    noteEpoch,
    dedupeWindowMs,
    timeoutMs,
    requireOpen,
    ask: (script, ...args) => useTwice(reader, (client) => runScript(client, base, { script, args }))
  }
  const transactions = redisTransactions(parts)
  const appender = redisAppender(parts, transactions)
  const reading = redisReader(parts)

  const store: EventStore = {
    get epoch () { return epoch },
    publishes: true,
    ...reading,
    quarantine: redisQuarantine({ parts, transactions, appender }),
    submissions: redisSubmissions(parts, transactions, reading.extent),

    async append (taskId, draft) {
      requireOpen()
      return appender.append(taskId, draft)
    },

    async tasks (options) {
      requireOpen()
      return readTasks(parts, options)
    },

    async trim (ageMs, watched) {
      requireOpen()
      return trim(parts, ageMs, watched)
    },

    async erase (taskId, held) {
      requireOpen()
      return erase({ transactions, appender, noteEpoch }, taskId, held)
    },

    async nodes (own) {
      requireOpen()
      return readNodes(parts, own)
    },

    async bytes () {
      requireOpen()
      return Number((await connections.info()).get('used_memory'))
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
    await writer.ready()
  } catch (error) {
    connections.close()
    throw error
  }
  return store
}
