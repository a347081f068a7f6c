const MAX_KINDS = 50
const MAX_ADDRESSES = 3

/** Facts about a refused request. They contain no secret: paths come without their query. */
export interface RefusalDetails {
  readonly code: string
  readonly step?: string | undefined
  readonly path?: string | undefined
  readonly reason?: string | undefined
}

/** Equal refusals of the recent past. */
export interface RecentRefusal {
  readonly code: string
  readonly step: string | null
  readonly path: string | null
  readonly reason: string | null
  readonly count: number
  /** Time of the first one, in milliseconds since 1970. */
  readonly firstAt: number
  /** Time of the last one, in milliseconds since 1970. */
  readonly lastAt: number
  /** Networks that the last ones came from, at most three; empty if unknown. */
  readonly addresses: readonly string[]
}

/** The last fifty kinds of refusals, with their numbers. */
export interface RecentRefusals {
  add (details: RefusalDetails, address?: string): void
  /** Returns the kinds, most recent first. */
  list (): RecentRefusal[]
}

/** Creates a memory of recent refusals. Equal ones are one entry, so a flood does not displace the others. */
export function createRecentRefusals (now: () => number = Date.now): RecentRefusals {
  const kinds = new Map<string, RecentRefusal>()

  return {
    add (details, address) {
      const { code, step = null, path = null, reason = null } = details
      const key = JSON.stringify([code, step, path, reason])
      const at = now()
      const known = kinds.get(key) ?? { code, step, path, reason, count: 0, firstAt: at, addresses: [] }
      const others = known.addresses.filter((other) => other !== address)
      const addresses = address === undefined ? others : [address, ...others].slice(0, MAX_ADDRESSES)
      kinds.delete(key)
      kinds.set(key, { ...known, count: known.count + 1, lastAt: at, addresses })
      if (kinds.size > MAX_KINDS) kinds.delete(kinds.keys().next().value as string)
    },

    list: () => [...kinds.values()].reverse()
  }
}
