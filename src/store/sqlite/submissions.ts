import { createSubmissions, type SubmissionParts } from '../create-submissions.ts'
import type { Submissions } from '../submissions.ts'
import { toEvent } from './epochs.ts'
import { idAt } from '../event-id.ts'
import type { Kept } from './event-log.ts'
import type { StoreParts } from './quarantine.ts'

/** Creates the submissions of a SQLite store, in the same file. */
export function sqliteSubmissions (parts: Omit<StoreParts, 'dedupeWindowMs'>): Submissions {
  const { thread, reader, requireOpen, clock } = parts
  return createSubmissions<Kept>({
    requireOpen,
    now: clock,
    call: thread.call as SubmissionParts<Kept>['call'],
    signingKey: reader.signingKey,
    of: reader.submissions,
    counts: reader.submissionCounts,
    nextDue: reader.nextDue,
    idOf: (taskId, seq) => idAt(reader.extent(taskId), seq),
    toAppended: ({ event, ...kept }) => ({ ...kept, event: toEvent(event) })
  })
}
