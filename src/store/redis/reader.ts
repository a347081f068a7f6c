import { epochAt, parseEventId } from '../event-id.ts'
import type { Expected } from '../submissions.ts'
import type { EventStore, Extent } from '../store.ts'
import { readEpochs, readItem, readPage, type PageReply } from './items.ts'
import { EXTENT, MOVED, READ } from './read-scripts.ts'
import type { StoreParts } from './parts.ts'

const MOVED_STEP = 100

type ExtentReply = [last: number, first: number, epochs: string, item: string | null, expected: string | null]

/** Creates the reading side of a Redis store. */
export function redisReader ({ ask, seed, requireOpen }: StoreParts): Pick<EventStore, 'read' | 'extent' | 'moved'> {
  return {
    async read (taskId, after, limit) {
      requireOpen()
      const id = after === undefined ? undefined : parseEventId(after)
      if (after !== undefined && !id) return undefined
      const reply = await ask(READ, taskId, seed, limit, ...(id ? [id.epoch, id.seq] : []))
      return reply === null ? undefined : readPage(taskId, reply as PageReply)
    },

    async extent (taskId) {
      requireOpen()
      const [last, first, epochs, item, expected] = await ask(EXTENT, taskId, seed) as ExtentReply
      const extent: Extent = { first, last, newest: undefined, epochs: readEpochs(epochs) }
      const newest = item === null ? undefined : readItem(item, { taskId, seq: last, epoch: epochAt(extent, last) })
      return { ...extent, newest, ...(expected !== null && { expected: readExpected(expected) }) }
    },

    async moved (newest) {
      requireOpen()
      const found = new Map<string, string>()
      const all = [...newest].flat()
      // In steps: a script holds up everything else in Redis.
      for (let i = 0; i < all.length; i += 2 * MOVED_STEP) {
        const reply = await ask(MOVED, seed, ...all.slice(i, i + 2 * MOVED_STEP)) as string[]
        for (let j = 0; j < reply.length; j += 2) found.set(reply[j] as string, reply[j + 1] as string)
      }
      return found
    }
  }
}

function readExpected (text: string): Expected {
  const [step, submittedAt, stage] = JSON.parse(text) as [Expected['step'], number, string]
  return { step, submittedAt, isOverdue: stage === 'overdue' }
}
