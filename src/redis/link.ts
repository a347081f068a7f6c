import type { Redis } from 'ioredis'

/** Connection to the primary, which finds it again whenever the connection is lost. */
export interface Link {
  /** Whether the link is connected to a primary. */
  readonly isUp: boolean
  /** Whether the primary is a node of a Cluster. Known once the link was up. */
  readonly isCluster: boolean
  /**
   * Runs `work` on the connection.
   *
   * @throws {RelayError} `STORE_UNAVAILABLE` if there is no primary or no answer in time; the connection is dropped
   */
  use<T> (work: (client: Redis) => Promise<T>): Promise<T>
  /** Drops the connection and finds the primary again. */
  drop (reason: string): void
  close (): Promise<void>
}
