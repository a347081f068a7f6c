import type { Place, RedisAddress } from './address.ts'
import type { Link } from './link.ts'

/** Connections of a node: `write` for appends, `read` for reads and for publishing, `news` for subscriptions. */
export type LinkName = 'write' | 'read' | 'news'

/** Receives what happens to the connections, for log lines and metrics. */
export interface RedisObserver {
  /** A link has found the primary, `ms` milliseconds after it began to look for it. */
  found? (link: LinkName, place: Place, ms: number): void
  /** A link was lost, or an attempt to find the primary failed for the first time. */
  lost? (link: LinkName, reason: string): void
  /** News may have been missed, and flows again. */
  missed? (): void
  /** The store appends under another epoch than before. */
  forked? (epoch: string): void
  /** Fewer replicas than required had a write in time. */
  waitedShort? (replicas: number): void
}

/** Options of the connections of a node. */
export interface RedisOptions {
  readonly address: RedisAddress
  /** Hash tag of all keys: `[A-Za-z0-9._-]{1,32}`. Default `relay`. */
  readonly prefix?: string | undefined
  /** Longest wait for a primary, and for an answer, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number | undefined
  readonly observer?: RedisObserver | undefined
}

/** Connections of a node to one primary. */
export interface RedisConnections {
  readonly write: Link
  readonly read: Link
  readonly news: Link
  /** Start of all keys and channels: `{<prefix>}:`. */
  readonly base: string
  readonly timeoutMs: number
  readonly observer: RedisObserver
  /** Resolves with the fields of the primary's `INFO`, such as `maxmemory_policy`. */
  info (): Promise<ReadonlyMap<string, string>>
  /** Closes all connections. Idempotent. */
  close (): Promise<void>
}

/** Creates the connections of a node. They look for the primary at once, and again whenever they are lost. */
export function redisConnections (_options: RedisOptions): RedisConnections {
  throw new Error('not written yet')
}
