/**
 * Adds up to 50 % random jitter to a reconnection time, so that clients that were disconnected together do not
 * reconnect together.
 *
 * @param retryMs - milliseconds
 */
export function jitter (retryMs: number): number {
  return Math.round(retryMs * (1 + Math.random() / 2))
}
