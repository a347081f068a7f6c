import type { About, EventDraft, TaskEvent } from '../../event.ts'
import type { DatedDraft, EventLog, OutcomeRow } from '../submission-table.ts'
import type { Appended } from '../store.ts'

interface Note {
  readonly at: number
  readonly about: About | undefined
  readonly submission: number | null
}

/** Events of a task, oldest first, and its highest seq. */
interface Task {
  readonly events: readonly TaskEvent[]
  readonly last: number
}

/** Parts of a store that its log is made of. */
export interface LogParts {
  readonly task: (taskId: string) => Task
  readonly append: (taskId: string, draft: EventDraft, submission?: number) => Appended
}

/** Events of a memory store as submissions see them. */
export interface MemoryEventLog extends EventLog<Appended> {
  /** Keeps what an event itself does not carry. */
  note (event: TaskEvent, at: number, draft: EventDraft, submission?: number | null): void
}

/** Returns the log over the events of a memory store. */
export function memoryEventLog ({ task, append }: LogParts): MemoryEventLog {
  const notes = new WeakMap<TaskEvent, Note>()
  const noteOf = (event: TaskEvent): Note => notes.get(event) as Note

  /** The event of a seq that is kept. */
  function eventAt (taskId: string, seq: number): TaskEvent {
    const { events, last } = task(taskId)
    return events[seq - 1 - last + events.length] as TaskEvent
  }

  return {
    note (event, at, draft, submission = null) {
      notes.set(event, { at, about: draft.about, submission })
    },

    last: (taskId) => task(taskId).last,

    lastBefore (taskId, time) {
      const { events, last } = task(taskId)
      return last - events.filter((event) => noteOf(event).at >= time).length
    },

    outcomes (taskId) {
      return task(taskId).events.flatMap((event) => {
        const { about, submission } = noteOf(event)
        if (about?.meaning === undefined) return []
        return [{ seq: event.seq, step: about.step, meaning: about.meaning, submission } satisfies OutcomeRow]
      })
    },

    attribute (taskId, seq, submission) {
      const event = eventAt(taskId, seq)
      notes.set(event, { ...noteOf(event), submission })
    },

    append: ({ taskId, ...draft }: DatedDraft, submission) => append(taskId, draft, submission),
    repeat: (taskId, seq) => ({ event: eventAt(taskId, seq), duplicate: true })
  }
}
