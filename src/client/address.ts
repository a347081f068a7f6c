import type { Watch } from './watch.ts'

const TASK_URL = /^https?:\/\/[^?#]+\/events\/[^/]+$/

/**
 * Checks that requests can be sent at all.
 *
 * @throws {TypeError} as `watchTask` does
 */
export function checkAddress ({ base, taskId }: Watch): void {
  const { url } = new Request(`${base}/events/${taskId}`)
  if (!TASK_URL.test(url)) throw new TypeError(`Cannot watch the task: ${url} is not an http(s) URL of a task`)
}
