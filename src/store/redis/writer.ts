import type { Client } from '../../redis/client.ts'
import type { RedisConnections } from '../../redis/connections.ts'
import { isRefusal, isUseless, unavailable } from '../../redis/link.ts'
import { isMissing, loadScripts, type Call } from '../../redis/script.ts'
import { RelayError } from '../../errors.ts'
import { groupCommit } from '../group-commit.ts'
import { WRITE_SCRIPTS } from './scripts.ts'

/** Options of the writing side. */
export interface WriterOptions {
  readonly waitReplicas: number
  readonly waitFsync: boolean
  readonly committed: ((calls: number) => void) | undefined
  /** Called with each new connection, before it is used. */
  readonly onConnect: (client: Client) => Promise<void>
}

/** Writing side of a Redis store. */
export interface RedisWriter {
  /** Resolves when a primary is found. */
  ready (): Promise<void>
  /**
   * Runs a script in the next group. Resolves with its reply once it is as durable as required.
   *
   * @throws {RelayError} `STORE_UNAVAILABLE`; the script may have run all the same
   */
  call (call: Call): Promise<unknown>
  /** Resolves when no call waits or runs. */
  idle (): Promise<void>
}

/** A reply, or the error of one script of a group. */
type Reply = readonly [error: Error | null, reply: unknown]

/** Creates the writing side: groups of scripts, each in one pipeline that ends with one WAIT. */
export function redisWriter (connections: RedisConnections, options: WriterOptions): RedisWriter {
  const { base, timeoutMs, observer } = connections
  const { waitReplicas, waitFsync, committed, onConnect } = options
  const link = connections.link('write', async (client) => {
    await loadScripts(client, WRITE_SCRIPTS)
    await onConnect(client)
  })
  const waitMs = Math.ceil(timeoutMs / 5)
  const waits = waitReplicas > 0 || waitFsync

  const commit = groupCommit<Call, Reply>((group) => {
    committed?.(group.length)
    return write(group)
  })

  /** Writes a group; again on another primary, if the first one has refused all of it. */
  async function write (group: readonly Call[]): Promise<Reply[]> {
    try {
      return await link.use((client) => send(client, group))
    } catch (error) {
      if (!isRefusal((error as Error).cause)) throw error
      return link.use((client) => send(client, group))
    }
  }

  async function send (client: Client, calls: readonly Call[]): Promise<Reply[]> {
    const replies = await pipeline(client, calls)
    const missing = calls.filter((_, i) => isMissing(replies[i]?.[0]))
    if (missing.length === 0) return replies
    await loadScripts(client, WRITE_SCRIPTS)
    const again = (await pipeline(client, missing)).values()
    return replies.map((reply) => isMissing(reply[0]) ? again.next().value as Reply : reply)
  }

  async function pipeline (client: Client, calls: readonly Call[]): Promise<Reply[]> {
    const commands = client.pipeline()
    for (const { script, args } of calls) commands.evalsha(script.sha, 1, base, ...args)
    if (waitFsync) commands.call('WAITAOF', 1, waitReplicas, waitMs)
    else if (waits) commands.wait(waitReplicas, waitMs)
    const replies = await commands.exec() as Reply[]
    const waited = waits ? replies.pop() : undefined
    requireUseful(replies)
    const shortage = waited ? shortageOf(waited) : null
    return replies.map(([error, reply]) => [error ?? shortage, reply])
  }

  /** Returns the error of a group that is not as durable as required. */
  function shortageOf ([error, reply]: Reply): Error | null {
    if (error) return error
    const [local, replicas] = waitFsync ? reply as [number, number] : [1, reply as number]
    if (local === 1 && replicas >= waitReplicas) return null
    observer.waitedShort?.(replicas)
    const fact = local === 1 ? `${replicas} of ${waitReplicas} replicas have it` : 'it is not on the disk'
    return new RelayError('STORE_UNAVAILABLE', `Cannot keep the event safely: ${fact} after ${waitMs} ms`)
  }

  return {
    ready: () => link.use(async () => {}),

    async call (call) {
      const [error, reply] = await commit(call)
      if (error) throw error instanceof RelayError ? error : unavailable(error)
      return reply
    },
    idle: commit.idle
  }
}

/** Throws if the connection is of no use: the refusal of a server only if it has refused the whole group. */
function requireUseful (replies: readonly Reply[]): void {
  const [useless] = replies.find(([error]) => isUseless(error)) ?? []
  if (!useless) return
  if (replies.every(([error]) => isRefusal(error))) throw useless
  throw new Error(`part of a group failed: ${useless.message}`)
}
