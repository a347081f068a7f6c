const MINUTE_MS = 60_000
const MOST_ADDRESSES = 10_000

/**
 * Counts failures by address; each call counts one, and says whether the address is past its limit.
 *
 * Counts start anew every minute. Of more than 10,000 addresses in a minute the first are forgotten.
 *
 * @param perMinute - failures that an address may have; 0 sets no limit
 * @param now - a clock that never goes back, in milliseconds
 */
export function countFailures (perMinute: number, now: () => number = () => performance.now()): (address: string) => boolean {
  const failures = new Map<string, number>()
  let since = now()

  return (address) => {
    if (perMinute === 0) return false
    if (now() - since >= MINUTE_MS) {
      failures.clear()
      since = now()
    }
    const count = (failures.get(address) ?? 0) + 1
    failures.set(address, count)
    if (failures.size > MOST_ADDRESSES) failures.delete(failures.keys().next().value as string)
    return count > perMinute
  }
}
