import type { Appended } from '../store/store.ts'
import type { Submissions } from '../store/submissions.ts'

export type { Due, Patience, Reserved, ReservationDraft, Submission, Submissions } from '../store/submissions.ts'

/** Returns the submissions of a store; events that they append are passed to `onAppended`. */
export function announceSubmissions (submissions: Submissions, onAppended: (appended: Appended) => void): Submissions {
  async function announce (told: Promise<Appended | undefined>): Promise<Appended | undefined> {
    const appended = await told
    if (appended) onAppended(appended)
    return appended
  }

  return {
    signingKey: () => submissions.signingKey(),
    reserve: (draft, patience) => submissions.reserve(draft, patience),
    expect: (id, taskId) => submissions.expect(id, taskId),
    cancel: (id) => submissions.cancel(id),
    watch: (draft, patience) => submissions.watch(draft, patience),
    claim: (options) => submissions.claim(options),
    nextDueMs: () => submissions.nextDueMs(),
    pause: (ms) => submissions.pause(ms),
    overdue: (id, draft) => announce(submissions.overdue(id, draft)),
    answer: (id, answer) => announce(submissions.answer(id, answer)),
    giveUp: (id, draft) => announce(submissions.giveUp(id, draft)),
    of: (taskId) => submissions.of(taskId),
    counts: () => submissions.counts()
  }
}
