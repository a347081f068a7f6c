import type { Place, RedisAddress } from './address.ts'
import { readInfo } from './client.ts'
import { primaryFinder } from './find.ts'
import { createLink, useTwice, type Link, type Work } from './link.ts'

const TIMEOUT_MS = 5000

/** Connections of a node: `write` for appends, `read` for reads and for publishing, `news` for subscriptions. */
export type LinkName = 'write' | 'read' | 'news'

/** Receives what happens to the connections, for log lines and metrics. */
export interface RedisObserver {
  /** A link has found the primary, `ms` milliseconds after it began to look for it. */
  found? (link: LinkName, place: Place, ms: number): void
  /** A link was lost, or the first attempt to find the primary has failed. */
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
  /** Max wait for a primary, and for an answer, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number | undefined
  readonly observer?: RedisObserver | undefined
}

/** Connections of a node to one primary. */
export interface RedisConnections {
  /** Start of all keys and channels: `{<prefix>}:`. */
  readonly base: string
  readonly timeoutMs: number
  readonly observer: RedisObserver
  /**
   * Returns a link; all calls with one name return the same. It is connected from the first call on.
   *
   * @param prepare - prepares each new connection of the link
   */
  link (name: LinkName, prepare?: Work<void>): Link
  /** Whether all links that were asked for are connected to a primary. */
  isUp (): boolean
  /** Resolves with the fields of the primary's `INFO`, such as `maxmemory_policy`. */
  info (): Promise<ReadonlyMap<string, string>>
  /** Closes all connections. Idempotent. */
  close (): void
}

/** Creates the connections of a node. They look for the primary again whenever they are lost. */
export function redisConnections (options: RedisOptions): RedisConnections {
  const { address, prefix = 'relay', timeoutMs = TIMEOUT_MS, observer = {} } = options
  const base = `{${prefix}}:`
  const links = new Map<LinkName, Link>()

  function create (name: LinkName, prepare: Work<void>): Link {
    return createLink({
      finder: primaryFinder(address, base),
      timeoutMs,
      prepare,
      onFound: (place, ms) => { observer.found?.(name, place, ms) },
      onLost: (reason) => { observer.lost?.(name, reason) }
    })
  }

  function link (name: LinkName, prepare: Work<void> = async () => {}): Link {
    const known = links.get(name) ?? create(name, prepare)
    links.set(name, known)
    return known
  }

  return {
    base,
    timeoutMs,
    observer,
    link,
    isUp: () => [...links.values()].every(({ isUp }) => isUp),
    info: () => useTwice(link('read'), readInfo),
    close () { for (const one of links.values()) one.close() }
  }
}
