import type { FastifyReply, FastifyRequest } from 'fastify'
import { RelayError } from '../../errors.ts'
import { onClose } from '../streams/connection.ts'
import { networkOf } from './network.ts'

/** Maximum numbers of concurrent streams, held task reads included; 0 is no limit. */
export interface StreamLimitOptions {
  readonly total: number
  readonly perNetwork: number
  readonly perTask: number
  /** Called with the setting whose limit is reached, for each refused request. */
  readonly onRefused: (setting: string) => void
}

/** Limits of concurrent streams and held task reads. */
export interface StreamLimits {
  /**
   * Counts a request until its answer ends, however it ends: once in all and for its network, and once for each task.
   *
   * @returns false if a limit is reached; the request is then not counted
   */
  acquire (request: FastifyRequest, reply: FastifyReply, taskIds: readonly string[]): boolean
}

/** Returns the error for a client over a stream limit. */
export function tooManyStreams (): RelayError {
  const message = 'Cannot open another stream: the limit of concurrent streams is reached, retry later'
  return new RelayError('TOO_MANY_STREAMS', message)
}

/** Creates stream limits with nothing counted. */
export function createStreamLimits (options: StreamLimitOptions): StreamLimits {
  const { total, perNetwork, perTask, onRefused } = options
  const networks = createCounts(perNetwork)
  const tasks = createCounts(perTask)
  const all = createCounts(total)

  function count (network: string, taskIds: string | readonly string[], by: 1 | -1): void {
    all.add('', by)
    networks.add(network, by)
    for (const taskId of [taskIds].flat()) tasks.add(taskId, by)
  }

  function reachedLimit (network: string, taskIds: readonly string[]): string | undefined {
    if (all.isFull('')) return 'MAX_STREAMS'
    if (networks.isFull(network)) return 'MAX_STREAMS_PER_IP'
    return taskIds.some(tasks.isFull) ? 'MAX_STREAMS_PER_TASK' : undefined
  }

  return {
    acquire (request, reply, taskIds) {
      // A destroyed socket emits no further event and has no address, so it could never be released.
      if (request.raw.socket.destroyed) return true
      const network = networkOf(request.ip)
      const setting = reachedLimit(network, taskIds)
      if (setting) {
        onRefused(setting)
        return false
      }
      // Kept for as long as the stream: an array would add 60 bytes to the stream of one task.
      const counted = taskIds.length === 1 ? taskIds[0] as string : taskIds
      count(network, counted, 1)
      onClose(reply, () => { count(network, counted, -1) })
      return true
    }
  }
}

interface Counts {
  isFull (key: string): boolean
  add (key: string, by: 1 | -1): void
}

function createCounts (limit: number): Counts {
  const counts = new Map<string, number>()
  return {
    isFull: (key) => limit > 0 && (counts.get(key) ?? 0) >= limit,
    add (key, by) {
      const count = (counts.get(key) ?? 0) + by
      if (count > 0) counts.set(key, count)
      else counts.delete(key)
    }
  }
}
