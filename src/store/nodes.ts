/** Relay that shares a store with others. */
export interface RelayNode {
  /** Host and process id. */
  readonly name: string
  readonly version: string
  /** Runtime and its version. */
  readonly runtime: string
  /** Start of the process, ISO 8601, UTC. */
  readonly startedAt: string
  /** Number of open streams. */
  readonly streams: number
}

/** Relay in the list of those that share a store. */
export interface ListedNode extends RelayNode {
  /** Time since it has announced itself, in milliseconds. */
  readonly ageMs: number
  /** Whether it is the relay that asks. */
  readonly isOwn: boolean
}
