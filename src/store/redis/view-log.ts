import type { Step } from '../../../schemas/callback.ts'
import type { TaskEvent } from '../../event.ts'
import type { Argument } from '../../redis/script.ts'
import type { Settled } from '../appended.ts'
import { isRepeat } from '../delivery.ts'
import type { DatedDraft, EventLog, OutcomeRow } from '../submission-table.ts'
import { outcomeOf } from './items.ts'

/** Event of a transaction, whose id is known once the transaction is done. */
export type PendingEvent = Pick<TaskEvent, 'taskId' | 'seq' | 'event' | 'data'>

/** Event of a transaction, or one from before it. */
export type AnyEvent = PendingEvent | TaskEvent

/** Result of an append in a transaction. */
export interface Kept {
  readonly event: AnyEvent
  /** true: nothing was appended, and `event` is the earlier event. */
  readonly duplicate: boolean
  readonly settled?: Settled
}

/** Change of a transaction: its name and its arguments. */
export type Change = [name: string, ...args: Argument[]]
export type Changes = Change[]

/** Task, as the script returns it. Outlines are items without their event and its data. */
export type TaskReply = readonly [
  taskId: string, last: string, at: string, digest: string, epochs: string, outlines: readonly string[] | object
]

/** Events of the tasks of a transaction. */
export interface ViewLog extends EventLog<Kept> {
  /** Appends a draft, unless it repeats the task's newest event within the window. */
  appendNew (draft: DatedDraft, windowMs: number): Kept
}

interface Note {
  readonly at: number
  readonly outcome?: Pick<OutcomeRow, 'step' | 'meaning'>
  submission: number | null
  /** The change that appends the event. */
  readonly change?: Change
}

interface Task {
  last: number
  readonly at: number
  readonly digest: string
  /** One for each event. */
  readonly notes: Note[]
}

const SUBMISSION = 6

/** Creates the log of a transaction. */
export function viewLog (replies: readonly TaskReply[], changes: Changes): ViewLog {
  const tasks = new Map(replies.map((reply) => [reply[0], readTask(reply)]))

  function task (taskId: string): Task {
    return tasks.get(taskId) as Task
  }

  function append ({ taskId, at, event, data, digest, about }: DatedDraft): Kept {
    const { notes } = task(taskId)
    const outcome = about?.meaning === undefined ? {} : { outcome: { step: about.step, meaning: about.meaning } }
    const change: Change = ['push', taskId, event, data, digest, outcomeOf({ about }), '']
    const seq = ++task(taskId).last
    notes.push({ at, submission: null, change, ...outcome })
    changes.push(change)
    return { event: { taskId, seq, event, data }, duplicate: false }
  }

  function repeat (taskId: string, seq: number): Kept {
    changes.push(['take', taskId, seq])
    return { event: { taskId, seq, event: 'task-update', data: '' }, duplicate: true }
  }

  return {
    last: (taskId) => task(taskId).last,

    lastBefore (taskId, time) {
      const { last, notes } = task(taskId)
      return last - notes.filter(({ at }) => at >= time).length
    },

    outcomes (taskId) {
      const { last, notes } = task(taskId)
      return notes.flatMap(({ outcome, submission }, i) => {
        return outcome ? [{ seq: last - notes.length + 1 + i, ...outcome, submission }] : []
      })
    },

    attribute (taskId, seq, submission) {
      const { last, notes } = task(taskId)
      const note = notes.at(seq - 1 - last) as Note
      note.submission = submission
      if (note.change) note.change[SUBMISSION] = submission
      else changes.push(['attribute', taskId, seq, submission])
    },

    append,
    repeat,

    appendNew (draft, windowMs) {
      const { taskId, digest, at } = draft
      const newest = task(taskId)
      const isNew = newest.notes.length === 0 || !isRepeat(newest, digest, at, windowMs)
      return isNew ? append(draft) : repeat(taskId, newest.last)
    }
  }
}

function readTask ([, last, at, digest, , outlines]: TaskReply): Task {
  const notes = Array.isArray(outlines) ? outlines.map(readOutline) : []
  return { last: Number(last), at: Number(at), digest, notes }
}

function readOutline (outline: string): Note {
  const [head = '', step, ...meaning] = outline.split('\n')
  const [at, submission] = head.split(' ')
  return {
    at: Number(at),
    submission: submission === undefined ? null : Number(submission),
    ...(step !== undefined && { outcome: { step: step as Step, meaning: meaning.join('\n') } })
  }
}
