import type { Watch } from './watch.ts'

const TASK_URL = /^https?:\/\/[^?#]+\/events[/?][^/]+$/

/**
 * Checks that requests can be sent at all.
 *
 * @throws {TypeError} as `watchTask` does
 */
export function checkAddress ({ base, path }: Watch): void {
  const url = `${base}/events${path.slice(0, -1)}`
  let href = ''
  try { href = new Request(url).url } catch {}
  if (TASK_URL.test(href)) return
  // Without credentials: messages get into logs.
  throw new TypeError(`Cannot watch the task: ${url.replace(/\/\/.*@/, '//')} is not a plain http(s) URL of a task`)
}
