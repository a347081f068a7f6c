const MINUTE_MS = 60_000
const MAX_NETWORKS = 10_000

/** Counts failed authentications by network. */
export interface AuthFailures {
  /**
   * Records a failure.
   *
   * @returns whether the network is over its limit
   */
  recordFailure (network: string): boolean
}

/**
 * Creates counters that restart every minute. Beyond 10,000 networks in a minute, the oldest counter is dropped.
 *
 * @param perMinute - maximum failures of one network in a minute; 0 is no limit
 * @param now - a monotonic clock, in milliseconds
 */
export function createAuthFailures (perMinute: number, now: () => number = () => performance.now()): AuthFailures {
  const failures = new Map<string, number>()
  let since = now()

  return {
    recordFailure (network) {
      if (perMinute === 0) return false
      if (now() - since >= MINUTE_MS) {
        failures.clear()
        since = now()
      }
      const count = (failures.get(network) ?? 0) + 1
      failures.set(network, count)
      if (failures.size > MAX_NETWORKS) failures.delete(failures.keys().next().value as string)
      return count > perMinute
    }
  }
}
