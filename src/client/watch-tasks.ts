import { checkAddress } from './address.ts'
import type { WatchOptions } from './options.ts'
import { poll } from './poll.ts'
import { setStatus } from './status.ts'
import { toEvent } from './stream.ts'
import { eventsOf, type TaskEvents } from './watch-task.ts'
import { createWatch, type Watch } from './watch.ts'

const MIN_POLL_MS = 2000
const POLL_MS_PER_TASK = 250

/** Options for `watchTasks`. All times are in milliseconds. */
export interface WatchTasksOptions extends Omit<WatchOptions, 'cursor' | 'onGap'> {
  /** Ids of the last events received by an earlier watch, by task. Only later events are delivered. Default: none. */
  readonly cursors?: Readonly<Record<string, string>> | undefined
  /** Called with a task of which events may have been missed; see the option of `watchTask`. */
  readonly onGap?: ((taskId: string) => void) | undefined
}

/**
 * Watches 1 to 50 tasks over one stream. Delivers every event of each task once and in order, until the loop ends or
 * the signal aborts. `data.taskId` names the task of an event; events of two tasks have no order between them.
 *
 * The watch survives what `watchTask` survives. Where streams do not get through, it asks for the JSON of one task
 * after the other, and again two seconds later or more.
 *
 * @param baseUrl - URL of the relay, including its prefix if it has one; a page may use a relative one
 * @throws {TypeError} for a reason of `watchTask`, or if there is no task
 * @throws {WatchRefused} if the server refuses for good: there are more than 50 tasks, a task id is wrong or repeated,
 *   or the ticket does not cover every task
 */
export function watchTasks (
  baseUrl: string | URL, taskIds: readonly string[], options: WatchTasksOptions = {}
): TaskEvents {
  const { cursors = {}, onGap, ...shared } = options
  const tasks = new Map(taskIds.map((taskId) => {
    const ofTask = { cursor: cursors[taskId], onStatus: undefined, onGap () { onGap?.(taskId) } }
    return [taskId, createWatch(baseUrl, taskId, { ...shared, ...ofTask })]
  }))
  for (const task of tasks.values()) checkAddress(task)
  const list = () => [...tasks.values()]

  return eventsOf({
    ...createWatch(baseUrl, taskIds[0] ?? '-', shared),

    get path () { return `?${[...tasks].map(toParameter).join('')}` },

    // A task without a cursor that was polled before must not lose an event.
    get replay () {
      return list().some(({ cursor, replay }) => !cursor && replay === 'all') ? 'all' : options.replay ?? 'latest'
    },

    toEvent (watch, frame) {
      // The frame's own id is the position of all tasks.
      const { eventId: id, ...data } = JSON.parse(frame.data)
      return toEvent(tasks.get(data.taskId) ?? watch, { ...frame, id, data: JSON.stringify(data) })
    },

    async * poll (watch, signal) {
      for (const task of tasks.values()) {
        // The request of a task that was polled before would be held.
        task.status = { connection: 'connecting', failure: undefined }
        yield * poll(task, signal)
        setStatus(watch, 'polling', watch.status.failure)
      }
      watch.polling = Date.now() < watch.streamAt
      return Math.max(MIN_POLL_MS, POLL_MS_PER_TASK * tasks.size)
    }
  })
}

function toParameter ([taskId, { cursor }]: [string, Watch]): string {
  return `task=${encodeURIComponent(taskId)}${cursor && `@${encodeURIComponent(cursor)}`}&`
}
