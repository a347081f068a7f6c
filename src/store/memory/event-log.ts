import type { EventDraft } from '../../event.ts'
import type { MemoryNote, MemoryTask } from './history.ts'
import type { EventLog, OutcomeRow } from '../submission-table.ts'
import type { Appended } from '../store.ts'

/** Parts of a store that its log is made of. */
export interface LogParts {
  readonly tasks: ReadonlyMap<string, MemoryTask>
  readonly append: (taskId: string, draft: EventDraft) => Appended
}

const NO_TASK = { events: [], notes: [], last: 0 }

/** Returns the log over the events of a memory store. */
export function memoryEventLog ({ tasks, append }: LogParts): EventLog<Appended> {
  function task (taskId: string): Pick<MemoryTask, 'events' | 'notes' | 'last'> {
    return tasks.get(taskId) ?? NO_TASK
  }

  /** Returns the index of a kept event. */
  function indexOf (taskId: string, seq: number): number {
    const { events, last } = task(taskId)
    return seq - 1 - last + events.length
  }

  return {
    last: (taskId) => task(taskId).last,

    lastBefore (taskId, time) {
      const { notes, last } = task(taskId)
      return last - notes.filter(({ at }) => at >= time).length
    },

    outcomes (taskId) {
      const { events, notes } = task(taskId)
      return events.flatMap(({ seq }, i) => {
        const { about, submission } = notes[i] as MemoryNote
        if (about?.meaning === undefined) return []
        return [{ seq, step: about.step, meaning: about.meaning, submission } satisfies OutcomeRow]
      })
    },

    attribute (taskId, seq, submission) {
      const { notes } = task(taskId)
      const i = indexOf(taskId, seq)
      notes[i] = { ...notes[i] as MemoryNote, submission }
    },

    append: ({ taskId, ...draft }) => append(taskId, draft),
    repeat: (taskId, seq) => ({ event: task(taskId).events[indexOf(taskId, seq)]!, duplicate: true })
  }
}
