import type { FastifyReply, FastifyRequest } from 'fastify'
import { RelayError } from '../../errors.ts'
import { whenOver } from '../streams/connection.ts'
import { networkOf } from './network.ts'

/** How many may watch at once, streams and held task reads together; 0 is no limit. */
export interface PlaceLimits {
  readonly total: number
  readonly perNetwork: number
  readonly perTask: number
}

/** The places of those who watch. */
export interface Places {
  /**
   * Takes a place until the answer is over, however it ends.
   *
   * @returns false when there is none
   */
  take (request: FastifyRequest, reply: FastifyReply, taskId: string): boolean
}

/** What whoever finds no place is told. */
export function noPlace (): RelayError {
  return new RelayError('TOO_MANY_STREAMS', 'Cannot hold one more: as many as may watch at once do so, expected fewer or later')
}

/** Makes empty places. */
export function createPlaces ({ total, perNetwork, perTask }: PlaceLimits): Places {
  const networks = createCounts(perNetwork)
  const tasks = createCounts(perTask)
  const all = createCounts(total)

  function count (network: string, taskId: string, by: 1 | -1): void {
    all.add('', by)
    networks.add(network, by)
    tasks.add(taskId, by)
  }

  return {
    take (request, reply, taskId) {
      // Nothing tells of the end of an answer that is over, nor where it came from.
      if (request.raw.socket.destroyed) return true
      const network = networkOf(request.ip)
      if (all.full('') || networks.full(network) || tasks.full(taskId)) return false
      count(network, taskId, 1)
      whenOver(reply, () => { count(network, taskId, -1) })
      return true
    }
  }
}

interface Counts {
  full (key: string): boolean
  add (key: string, by: 1 | -1): void
}

function createCounts (limit: number): Counts {
  const counts = new Map<string, number>()
  return {
    full: (key) => limit > 0 && (counts.get(key) ?? 0) >= limit,
    add (key, by) {
      const count = (counts.get(key) ?? 0) + by
      if (count > 0) counts.set(key, count)
      else counts.delete(key)
    }
  }
}
