import type { EventName } from '../../../schemas/event.ts'
import type { EventDraft, TaskEvent } from '../../event.ts'
import { epochAt } from '../event-id.ts'
import { ERASED_EVENT } from '../erased.ts'
import type { Appended, Extent } from '../store.ts'

type Epochs = Extent['epochs']

/** Reads the epochs of a task: `0:E1,6:E2`. */
export function readEpochs (text: string): Epochs {
  return text.split(',').map((entry) => {
    const end = entry.indexOf(':')
    return { from: Number(entry.slice(0, end)), epoch: entry.slice(end + 1) }
  })
}

/** Place of an event. */
export interface Place {
  readonly taskId: string
  readonly seq: number
  readonly epoch: string
}

/** Reply of the script that reads a page after the seq `after`. */
export type PageReply = [after: number, epochs: string, items: string[]]

/** Reads an item: `<at>[ <submission>]\n<event>\n<data>[\n<step>\n<meaning>]`. */
export function readItem (item: string, { taskId, seq, epoch }: Place): TaskEvent {
  const start = item.indexOf('\n') + 1
  const middle = item.indexOf('\n', start)
  const end = item.indexOf('\n', middle + 1)
  return {
    taskId,
    seq,
    id: `${epoch}.${seq}`,
    event: item.slice(start, middle) as EventName,
    data: item.slice(middle + 1, end === -1 ? undefined : end)
  }
}

/** Reads a page. */
export function readPage (taskId: string, [after, epochs, items]: PageReply): TaskEvent[] {
  const extent = { epochs: readEpochs(epochs) } as Extent
  return items.map((item, i) => {
    const seq = after + 1 + i
    return readItem(item, { taskId, seq, epoch: epochAt(extent, seq) })
  })
}

/** Returns the outcome of a draft as items have it; empty for a draft that is none. */
export function outcomeOf ({ about }: Pick<EventDraft, 'about'>): string {
  return about?.meaning === undefined ? '' : `${about.step}\n${about.meaning}`
}

/** Reply of a script that appends a draft, or finds the event that it repeats. */
export type AddReply = ['kept', seq: number, epoch: string] |
  ['repeat' | 'erased', seq: number, epoch: string, item: string, taskId: string]

/** Turns the reply of a script into the result of an append. */
export function toAppended (
  taskId: string, { event, data }: Pick<EventDraft, 'event' | 'data'>, reply: AddReply
): Appended {
  const [kind, seq, epoch, item = '', owner = taskId] = reply
  const id = `${epoch}.${seq}`
  if (kind === 'kept') return { event: { taskId, seq, id, event, data }, duplicate: false }
  if (kind === 'erased') return { event: { taskId: owner, seq, id, ...ERASED_EVENT }, duplicate: true }
  return { event: readItem(item, { taskId: owner, seq, epoch }), duplicate: true }
}
