import type { Argument, Script } from '../../redis/script.ts'
import type { RedisWriter } from './writer.ts'

/** Parts of a Redis store. */
export interface StoreParts {
  readonly writer: RedisWriter
  /** Random text for the life of the history, if none has begun. */
  readonly seed: string
  /** Time of Redis as far as it is known, in milliseconds since 1970. It never goes back. */
  readonly clock: () => number
  /** Time for a script that appends; empty: the time of Redis. */
  readonly scriptTime: () => Argument
  /** Notes the epoch of an append now. */
  readonly noteEpoch: (epoch: string) => void
  readonly dedupeWindowMs: number
  /** Max time for which a transaction is tried again, in milliseconds. */
  readonly timeoutMs: number
  /** @throws {RelayError} `STORE_UNAVAILABLE` when the store is closed */
  readonly requireOpen: () => void
  /** Runs a script that is safe to repeat, on the connection for reads. */
  readonly ask: (script: Script, ...args: Argument[]) => Promise<unknown>
}
