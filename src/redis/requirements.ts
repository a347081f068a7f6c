import { RelayError } from '../errors.ts'
import type { RedisConnections } from './connections.ts'
import { useTwice } from './link.ts'

/** Version from which Redis has functions of scripts and sharded channels that the store uses. */
const MIN_VERSION = [7, 0] as const
/** First version with `WAITAOF`. */
const WAITAOF_VERSION = [7, 2] as const

/** Format of the keys that this version reads and writes. */
export const FORMAT = 1

/** Settings that change what a server must have. */
export interface Requirements {
  /** Whether appends wait for the disk. */
  readonly waitFsync: boolean
  /** Whether a server may do without `master_replid`. */
  readonly allowReusedIds: boolean
}

/**
 * Checks that the primary keeps what it is given, and that this version reads its keys.
 *
 * @returns warnings
 * @throws {RelayError} `STORE_UNAVAILABLE` with the cure, or if there is no primary
 */
export async function requireUsable (connections: RedisConnections, requirements: Requirements): Promise<string[]> {
  const warnings = checkServer(await connections.info(), requirements)
  checkFormat(await useTwice(connections.link('read'), (client) => client.get(`${connections.base}format`)))
  return warnings
}

/**
 * Checks that a server keeps what it is given.
 *
 * @param info - fields of its `INFO`
 * @returns warnings
 * @throws {RelayError} `STORE_UNAVAILABLE` with the cure, if the server may lose or confuse events silently
 */
export function checkServer (info: ReadonlyMap<string, string>, requirements: Requirements): string[] {
  const version = info.get('redis_version') ?? 'unknown'
  const policy = info.get('maxmemory_policy') ?? 'noeviction'
  const hasAof = info.get('aof_enabled') === '1'
  if (!isAtLeast(version, MIN_VERSION)) throw refusal(`its version is ${version}`, 'Redis 7.0, Valkey, or newer')
  if (policy !== 'noeviction') {
    const cure = 'noeviction: run CONFIG SET maxmemory-policy noeviction, and set it in its configuration'
    throw refusal(`its maxmemory-policy is ${policy}, which removes events when memory is full`, cure)
  }
  if (!info.get('master_replid') && !requirements.allowReusedIds) {
    const cure = 'a server that does, or REDIS_ALLOW_REUSED_IDS=true'
    throw refusal('it does not report master_replid, so ids of lost events may come again with other content', cure)
  }
  if (requirements.waitFsync && !isAtLeast(version, WAITAOF_VERSION)) {
    throw refusal(`REDIS_WAIT_FSYNC is true, and its version ${version} has no WAITAOF`, 'Redis 7.2, Valkey, or newer')
  }
  if (requirements.waitFsync && !hasAof) {
    const cure = 'appendonly yes: run CONFIG SET appendonly yes, and set it in its configuration'
    throw refusal('REDIS_WAIT_FSYNC is true, and it writes no append-only file', cure)
  }
  return hasAof ? [] : ['Redis writes no append-only file: a restart loses events, expected appendonly yes']
}

/**
 * Checks the format of the keys.
 *
 * @param found - value of the key `format`; null: there are no keys yet
 * @throws {RelayError} `STORE_UNAVAILABLE` if a newer version of the relay wrote them
 */
export function checkFormat (found: string | null): void {
  if (found === null || Number(found) <= FORMAT) return
  throw refusal(`its keys have format ${found}, this version reads ${FORMAT}`, 'a newer version of the relay')
}

function isAtLeast (version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number)
  return a > major || (a === major && b >= minor)
}

function refusal (fact: string, expected: string): RelayError {
  return new RelayError('STORE_UNAVAILABLE', `Cannot use the Redis of STORE_URL: ${fact}, expected ${expected}`)
}
