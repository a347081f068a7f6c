/**
 * A reconnection time with up to half as much again added at random, so that clients that were cut together do not
 * come back together.
 *
 * @param retryMs - milliseconds
 */
export function jitter (retryMs: number): number {
  return Math.round(retryMs * (1 + Math.random() / 2))
}
