import { randomUUID } from 'node:crypto'
import { toEntry, type Entry } from '../src/store/sqlite/entry.ts'
import { sqliteWriter } from '../src/store/sqlite/writer.ts'
import { readCallback, type EventStore } from '../src/index.ts'
import { temporaryPath } from './servers.ts'
import { callbackBody } from './wire.ts'

const GROUP = 512

/** Window for repeated callbacks, in milliseconds. */
export const DEDUPE_MS = 120_000

let serial = 0

function newTask (): Entry {
  const taskId = randomUUID()
  const at = Date.now()
  const body: unknown = JSON.parse(callbackBody(taskId, ++serial))
  return toEntry(taskId, readCallback('regenerate', body, { receivedAt: new Date(at) }).draft, at)
}

/** Returns the first events of new tasks with random ids. */
export function newTasks (count: number): Entry[] {
  return Array.from({ length: count }, newTask)
}

/** Makes a store with so many events, each of another task. Returns its path. */
export function filledStore (events: number): string {
  const path = temporaryPath(`${events}.db`)
  const writer = sqliteWriter(path)
  for (let left = events; left > 0; left -= GROUP) writer.append(newTasks(Math.min(left, GROUP)), DEDUPE_MS)
  writer.close()
  return path
}

/** Appends events of one task, whose message has a given length. */
export async function fillTask (
  store: EventStore, taskId: string, { count, length }: { count: number, length: number }
): Promise<void> {
  const body = { code: 200, taskId, msg: 'x'.repeat(length) }
  const { draft } = readCallback('regenerate', body, { receivedAt: new Date() })
  for (let done = 0; done < count; done += GROUP) {
    const digests = Array.from({ length: Math.min(GROUP, count - done) }, () => String(++serial))
    await Promise.all(digests.map((digest) => store.append(taskId, { ...draft, digest })))
  }
}
