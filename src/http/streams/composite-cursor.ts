import { createHash } from 'node:crypto'

// 64 bits: a cursor of another list of tasks passes by accident once in 10^19.
const DIGEST_BYTES = 8

/**
 * Returns the digest of a list of tasks. A cursor carries it, so that it never resumes another list.
 *
 * @param taskIds - in the order of the query
 */
export function digestOf (taskIds: readonly string[]): string {
  return createHash('sha256').update(taskIds.join()).digest().subarray(0, DIGEST_BYTES).toString('base64url')
}

/**
 * Formats a cursor for several tasks: `<digest>..<epoch>.<seq>.<seq>..<epoch>.<seq>`. It has a `seq` for each task, in
 * order, and names an epoch again only where it changes: 50 tasks take about 200 characters, 2,000 at most.
 *
 * @param digest - from `digestOf()`
 * @param positions - event ids in the order of the tasks. An epoch has no dot
 */
export function formatCursor (digest: string, positions: readonly string[]): string {
  let text = digest
  let current = ''
  for (const position of positions) {
    const dot = position.lastIndexOf('.')
    const epoch = position.slice(0, dot)
    text += epoch === current ? position.slice(dot) : `..${position}`
    current = epoch
  }
  return text
}

/**
 * Returns the event id of each task in a cursor; undefined for text that is no cursor of these tasks.
 *
 * @param count - number of tasks
 */
export function parseCursor (cursor: string, digest: string, count: number): string[] | undefined {
  const [head, ...runs] = cursor.split('..')
  const positions = runs.flatMap((run) => {
    const [epoch, ...seqs] = run.split('.')
    return seqs.map((seq) => `${epoch}.${seq}`)
  })
  return head === digest && positions.length === count ? positions : undefined
}
