/** Cumulative counts of a histogram by the upper bound of their bucket, as prom-client reports them. */
export type Buckets = ReadonlyMap<number, number>

/**
 * Estimates a quantile of the observations between two states of a histogram, as `histogram_quantile()` of Prometheus
 * does: linear within a bucket; the highest finite bound for observations beyond it.
 *
 * @param q - from 0 to 1
 * @returns the unit of the bounds; null without an observation
 * @see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
 */
export function quantileBetween (before: Buckets, after: Buckets, q: number): number | null {
  const steps = [...after].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)] as const)
  const [, total = 0] = steps.at(-1) ?? []
  if (total === 0) return null
  const rank = q * total
  let [low, below] = [0, 0]
  for (const [bound, count] of steps) {
    if (count >= rank && count > below) {
      return bound === Infinity ? low : low + (bound - low) * (rank - below) / (count - below)
    }
    low = bound
    below = count
  }
  return low
}
