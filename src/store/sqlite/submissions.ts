import { createSubmissions, type SubmissionParts } from '../create-submissions.ts'
import type { Submissions } from '../submissions.ts'
import type { Kept } from './event-log.ts'
import type { StoreParts } from './quarantine.ts'

/** Parts of a store that its submissions are made of. */
interface Parts extends Omit<StoreParts, 'dedupeWindowMs'> {
  readonly idOf: (taskId: string, seq: number) => string
}

/** Creates the submissions of a SQLite store, in the same file. */
export function sqliteSubmissions ({ thread, reader, requireOpen, clock, idOf, toEvent }: Parts): Submissions {
  return createSubmissions<Kept>({
    requireOpen,
    now: clock,
    call: thread.call as SubmissionParts<Kept>['call'],
    signingKey: reader.signingKey,
    of: reader.submissions,
    counts: reader.submissionCounts,
    nextDue: reader.nextDue,
    idOf,
    toAppended: ({ event, ...kept }) => ({ ...kept, event: toEvent(event) })
  })
}
