import { appendFile } from 'node:fs/promises'
import type { Appended, EventStore } from 'phrase-relay'

/**
 * Extends a store: every event also becomes a line of JSON in a file, for an archive that outlives `RETENTION_HOURS`.
 *
 * The archive is a copy for people: a line can be missing after a crash, because the store commits the event first.
 */
export function withArchive (store: EventStore, file: string): EventStore {
  const { quarantine, submissions } = store

  async function record<T extends Appended | undefined> (appending: Promise<T>): Promise<T> {
    const appended = await appending
    if (appended && !appended.duplicate) await appendFile(file, `${JSON.stringify(appended.event)}\n`)
    return appended
  }

  return {
    ...store,
    append: (taskId, draft) => record(store.append(taskId, draft)),
    quarantine: {
      ...quarantine,
      release: (id, taskId, draft) => record(quarantine.release(id, taskId, draft))
    },
    submissions: {
      ...submissions,
      overdue: (id, draft) => record(submissions.overdue(id, draft)),
      answer: (id, answer) => record(submissions.answer(id, answer)),
      giveUp: (id, draft) => record(submissions.giveUp(id, draft))
    }
  }
}
