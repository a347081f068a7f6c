import { appendFile } from 'node:fs/promises'
import type { Appended, EventStore } from 'phrase-relay'

/**
 * Extends a store: every event also becomes a line of JSON in a file, for an archive that outlives `RETENTION_HOURS`.
 *
 * The archive is a copy for people: a line can be missing after a crash, because the store commits the event first.
 */
export function withArchive (store: EventStore, file: string): EventStore {
  async function record ({ event, duplicate }: Appended): Promise<void> {
    if (!duplicate) await appendFile(file, `${JSON.stringify(event)}\n`)
  }

  return {
    ...store,

    async append (taskId, draft) {
      const appended = await store.append(taskId, draft)
      await record(appended)
      return appended
    },

    quarantine: {
      ...store.quarantine,

      async release (id, taskId, draft) {
        const appended = await store.quarantine.release(id, taskId, draft)
        if (appended) await record(appended)
        return appended
      }
    }
  }
}
